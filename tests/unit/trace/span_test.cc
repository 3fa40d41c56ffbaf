// SPDX-License-Identifier: Apache-2.0
// What a span says: kind, name, status, times, attributes.
#include "agent/trace/trace_stage.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "tests/unit/trace/trace_stage_fixture.h"

namespace spanwire::trace {
namespace {

namespace key = model::key;
using model::Ending;
using model::IsZero;
using model::SpanKind;
using model::StatusCode;

TEST_F(TraceStageTest, ClientSpan) {
  model::Exchange exchange = MakeExchange(client);
  Run(exchange);
  const model::Span& span = Only();
  EXPECT_EQ(span.kind, SpanKind::kClient);
  EXPECT_EQ(span.name, "GET");
  EXPECT_EQ(span.start_unix_ns, 1'001'000u);
  EXPECT_EQ(span.end_unix_ns, 1'003'000u);
  EXPECT_EQ(span.status, StatusCode::kUnset);
  EXPECT_EQ(span.process->service_name, "shop");
  EXPECT_TRUE(IsZero(span.parent_span_id));
  EXPECT_EQ(span.trace_flags, 1);
  EXPECT_EQ(span.attributes.Text(key::kUrlFull), "http://shop.example:8080/a/b?x=1");
  EXPECT_FALSE(span.attributes.Has(key::kUrlPath));
  EXPECT_EQ(span.attributes.Text(key::kServerAddress), "shop.example");
  EXPECT_EQ(span.attributes.Int(key::kServerPort, 0), 8080);
  EXPECT_EQ(span.attributes.Text(key::kNetworkTransport), "tcp");
  EXPECT_EQ(span.attributes.Text(key::kNetworkType), "ipv4");
  EXPECT_EQ(span.attributes.Int(key::kNetworkLocalPort, 0), 40'000);
  EXPECT_EQ(span.attributes.Int(key::kNetworkPeerPort, 0), 8080);
  EXPECT_EQ(span.attributes.Text(key::kNetworkPeerAddress), "127.0.0.1");
  EXPECT_EQ(span.attributes.Int(key::kHttpResponseStatusCode, 0), 200);
  EXPECT_EQ(span.attributes.Int(key::kTimeToFirstByte, 0), 1000);
  EXPECT_EQ(span.attributes.Int(key::kThreadId, 0), 13);
  EXPECT_FALSE(span.attributes.Has(key::kErrorType));
  EXPECT_FALSE(span.attributes.Has(key::kEnding));
  ExpectBalance();
}

TEST_F(TraceStageTest, ServerSpan) {
  const model::Connection remote = Remote(server);
  model::Exchange exchange = MakeExchange(remote);
  exchange.request_at.wait_ns = 55;
  Run(exchange);
  const model::Span& span = Only();
  EXPECT_EQ(span.kind, SpanKind::kServer);
  EXPECT_EQ(span.attributes.Text(key::kUrlScheme), "http");
  EXPECT_EQ(span.attributes.Text(key::kUrlPath), "/a/b");
  EXPECT_EQ(span.attributes.Text(key::kUrlQuery), "x=1");
  EXPECT_FALSE(span.attributes.Has(key::kUrlFull));
  EXPECT_EQ(span.attributes.Text(key::kServerAddress), "shop.example");
  EXPECT_EQ(span.attributes.Text(key::kClientAddress), "192.0.2.9");
  EXPECT_EQ(span.attributes.Int(key::kReadWait, 0), 55);
}

TEST_F(TraceStageTest, FactsNeverLeave) {
  model::Exchange exchange = MakeExchange(Remote(server));
  const model::Connection remote = Remote(server);
  exchange.connection = &remote;
  exchange.request.attributes.SetDynamic("~forwarded_for", "198.51.100.7");
  exchange.request.attributes.SetDynamic("~forwarded_proto", "https");
  exchange.request.attributes.SetDynamic("~forwarded_host", "front.example");
  exchange.request.attributes.SetDynamic("~anything", "else");
  Run(exchange);
  const model::Span& span = Only();
  for (size_t i = 0; i < span.attributes.size(); ++i) {
    EXPECT_NE(span.attributes.at(i).key.substr(0, 1), "~");
  }
  EXPECT_EQ(span.attributes.Text(key::kClientAddress), "198.51.100.7");
  EXPECT_EQ(span.attributes.Text(key::kUrlScheme), "https");
  EXPECT_EQ(span.attributes.Text(key::kServerAddress), "front.example");
  EXPECT_EQ(span.attributes.Int(key::kServerPort, 0), 443);
}

struct EndingCase {
  Ending ending;
  uint16_t error;
  StatusCode status;
  std::string error_type;
  std::string name;
};
class EndingTest : public TraceStageTest, public ::testing::WithParamInterface<EndingCase> {};

TEST_P(EndingTest, Unanswered) {
  model::Exchange exchange = MakeExchange(client);
  Fail(exchange, GetParam().ending, GetParam().error);
  Run(exchange);
  const model::Span& span = Only();
  EXPECT_EQ(span.status, GetParam().status);
  EXPECT_EQ(span.attributes.Text(key::kErrorType), GetParam().error_type);
  EXPECT_EQ(span.attributes.Text(key::kEnding), GetParam().name);
  EXPECT_EQ(span.end_unix_ns, 1'003'000u);
  EXPECT_FALSE(span.attributes.Has(key::kHttpResponseStatusCode));
}

INSTANTIATE_TEST_SUITE_P(
    Endings, EndingTest,
    ::testing::Values(
        EndingCase{Ending::kReset, ECONNRESET, StatusCode::kError, "connection_reset", "reset"},
        EndingCase{Ending::kReset, EPIPE, StatusCode::kError, "broken_pipe", "reset"},
        EndingCase{Ending::kClosed, 0, StatusCode::kError, "eof_before_response", "closed"},
        EndingCase{Ending::kClosed, EHOSTUNREACH, StatusCode::kError, "host_unreachable", "closed"},
        EndingCase{Ending::kTimedOut, 0, StatusCode::kError, "timed_out", "timed_out"},
        EndingCase{Ending::kStillOpen, 0, StatusCode::kError, "still_open", "still_open"},
        EndingCase{Ending::kLost, 0, StatusCode::kUnset, "", "lost"},
        EndingCase{Ending::kInvalid, 0, StatusCode::kError, "invalid_response", "invalid"},
        EndingCase{Ending::kEvicted, 0, StatusCode::kUnset, "", "evicted"}));

TEST_F(TraceStageTest, ResponseErrorsFollowTheSide) {
  model::Exchange sent = MakeExchange(client);
  sent.response.client_outcome = model::Outcome::kError;
  sent.response.error_type = "404";
  Run(sent);
  const model::Connection remote = Remote(server);
  model::Exchange received = MakeExchange(remote);
  received.response.client_outcome = model::Outcome::kError;
  received.response.error_type = "404";
  Run(received);
  EXPECT_EQ(log.spans[0].status, StatusCode::kError);
  EXPECT_EQ(log.spans[0].attributes.Text(key::kErrorType), "404");
  EXPECT_EQ(log.spans[1].status, StatusCode::kUnset);
  EXPECT_FALSE(log.spans[1].attributes.Has(key::kErrorType));
}

TEST_F(TraceStageTest, TruncatedResponseKeepsItsStatusCode) {
  model::Exchange exchange = MakeExchange(client);
  exchange.ending = Ending::kClosed;
  exchange.response_at.complete = false;
  exchange.ended_ns = 5000;
  Run(exchange);
  EXPECT_EQ(Only().attributes.Int(key::kHttpResponseStatusCode, 0), 200);
  EXPECT_EQ(Only().attributes.Text(key::kErrorType), "eof_in_response");
  EXPECT_EQ(Only().end_unix_ns, 1'005'000u);
}

TEST_F(TraceStageTest, InterimResponseIsAnEvent) {
  model::Exchange exchange = MakeExchange(client);
  exchange.interim_ns = 1500;
  Run(exchange);
  ASSERT_EQ(Only().events.size(), 1u);
  EXPECT_EQ(Only().events[0].time_unix_ns, 1'001'500u);
}

TEST_F(TraceStageTest, UrlFullWithoutHostNamesThePeer) {
  model::Exchange exchange = MakeExchange(client);
  exchange.request.attributes.SetDynamic("~host", "");
  Run(exchange);
  EXPECT_EQ(Only().attributes.Text(key::kUrlFull), "http://127.0.0.1:8080/a/b?x=1");
  EXPECT_EQ(Only().attributes.Text(key::kServerAddress), "127.0.0.1");
}

TEST_F(TraceStageTest, AsteriskTargetIsTheServerItself) {
  model::Exchange exchange = MakeExchange(client);
  exchange.request.attributes.Set(key::kUrlPath, "*");
  exchange.request.attributes.Set(key::kUrlQuery, "");
  Run(exchange);
  EXPECT_EQ(Only().attributes.Text(key::kUrlFull), "http://shop.example:8080");
}

}  // namespace
}  // namespace spanwire::trace
