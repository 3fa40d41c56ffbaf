// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/trace_stage.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "tests/unit/trace/exchange_maker.h"

namespace spanwire::trace {
namespace {

namespace key = model::key;
using model::Ending;
using model::IsZero;
using model::SpanKind;
using model::StatusCode;

class TraceStageTest : public ::testing::Test {
 protected:
  TraceStageTest() { stage.OnTick({.monotonic_ns = 0, .wall_ns = 1'000'000}); }
  void Tick(Nanoseconds now) { stage.OnTick({.monotonic_ns = now, .wall_ns = 1'000'000 + now}); }
  void Run(model::Exchange& exchange) {
    stage.OnRequest(exchange);
    stage.OnExchange(exchange);
  }
  const model::Span& Only() {
    EXPECT_EQ(log.spans.size(), 1u);
    return log.spans.at(0);
  }
  void ExpectBalance() {
    for (const auto& entry : ledger.stages()) EXPECT_TRUE(entry->Balanced()) << entry->name();
  }

  Ledger ledger;
  SpanLog log;
  TraceStage stage{ledger.AddStage("span", "spans"), log};
  const model::Connection client = ClientEnd();
  const model::Connection server = ServerEnd();
};

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

TEST_F(TraceStageTest, ServerBecomesChildOfItsLocalClient) {
  model::Exchange sent = MakeExchange(client);
  model::Exchange received = MakeExchange(server);
  stage.OnRequest(sent);
  stage.OnRequest(received);
  stage.OnExchange(received);
  stage.OnExchange(sent);
  ASSERT_EQ(log.spans.size(), 2u);
  const model::Span& child = log.spans[0];
  const model::Span& parent = log.spans[1];
  EXPECT_EQ(child.trace_id, parent.trace_id);
  EXPECT_EQ(child.parent_span_id, parent.span_id);
  EXPECT_NE(child.span_id, parent.span_id);
  EXPECT_TRUE(child.parent_is_remote);
  EXPECT_EQ(child.attributes.Text(key::kLinkMethod), "sequence");
}

TEST_F(TraceStageTest, ServerThatCameFirstWaitsForItsClient) {
  model::Exchange sent = MakeExchange(client);
  model::Exchange received = MakeExchange(server);
  Run(received);
  EXPECT_EQ(log.spans.size(), 0u);
  EXPECT_EQ(ledger.stages()[0]->held.Get(), 1u);
  ExpectBalance();
  stage.OnRequest(sent);
  ASSERT_EQ(log.spans.size(), 1u);
  stage.OnExchange(sent);
  EXPECT_EQ(log.spans[0].parent_span_id, log.spans[1].span_id);
  EXPECT_EQ(log.spans[0].trace_id, log.spans[1].trace_id);
  ExpectBalance();
}

TEST_F(TraceStageTest, WaitEndsWithTime) {
  model::Exchange received = MakeExchange(server);
  Run(received);
  Tick(40'000'000);
  EXPECT_EQ(log.spans.size(), 0u);
  Tick(60'000'000);
  EXPECT_TRUE(IsZero(Only().parent_span_id));
  ExpectBalance();
}

TEST_F(TraceStageTest, FinishHandsOnWhatWaits) {
  model::Exchange received = MakeExchange(server);
  Run(received);
  stage.Finish();
  EXPECT_EQ(log.spans.size(), 1u);
  ExpectBalance();
}

TEST_F(TraceStageTest, WaitingIsBounded) {
  TraceLimits limits;
  limits.max_waiting_spans = 2;
  Ledger other;
  TraceStage small(other.AddStage("span", "spans"), log, limits);
  for (uint32_t i = 0; i < 5; ++i) {
    model::Exchange received = MakeExchange(server, i);
    small.OnRequest(received);
    small.OnExchange(received);
  }
  EXPECT_EQ(log.spans.size(), 3u);
  EXPECT_TRUE(other.stages()[0]->Balanced());
}

TEST_F(TraceStageTest, ARemoteClientIsNotWaitedFor) {
  const model::Connection remote = Remote(server);
  model::Exchange received = MakeExchange(remote);
  Run(received);
  EXPECT_TRUE(IsZero(Only().parent_span_id));
}

TEST_F(TraceStageTest, AnAddressSeenAsLocalMayBeTheClients) {
  model::Connection container = client;
  container.local.address = {10, 0, 0, 5};
  model::Exchange other = MakeExchange(container, 1);
  Run(other);
  model::Connection from_container = server;
  from_container.remote.address = {10, 0, 0, 5};
  model::Exchange received = MakeExchange(from_container, 2);
  Run(received);
  EXPECT_EQ(log.spans.size(), 1u);
}

TEST_F(TraceStageTest, AnotherSequenceIsAnotherRequest) {
  model::Exchange sent = MakeExchange(client, 77);
  model::Exchange received = MakeExchange(server, 78);
  stage.OnRequest(sent);
  Run(received);
  stage.Finish();
  EXPECT_TRUE(IsZero(Only().parent_span_id));
}

TEST_F(TraceStageTest, LoopbackOfAnotherNamespaceIsAnotherHost) {
  model::Connection elsewhere = server;
  elsewhere.netns = 8;
  model::Exchange sent = MakeExchange(client);
  model::Exchange received = MakeExchange(elsewhere);
  stage.OnRequest(sent);
  Run(received);
  stage.Finish();
  EXPECT_TRUE(IsZero(Only().parent_span_id));
}

TEST_F(TraceStageTest, MappedIpv4MeetsIpv4) {
  model::Connection dual = server;
  dual.ipv6 = true;
  dual.local.address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1};
  dual.remote.address = dual.local.address;
  model::Exchange sent = MakeExchange(client);
  model::Exchange received = MakeExchange(dual);
  stage.OnRequest(sent);
  Run(received);
  EXPECT_FALSE(IsZero(Only().parent_span_id));
  EXPECT_EQ(Only().attributes.Text(key::kNetworkType), "ipv4");
}

model::Connection UnixEnd(bool is_client) {
  model::Connection connection;
  connection.transport = model::Transport::kUnix;
  connection.role = is_client ? model::Role::kClient : model::Role::kServer;
  connection.inode = is_client ? 500 : 501;
  connection.peer_inode = is_client ? 501 : 500;
  connection.path = "/run/app.sock";
  return connection;
}

TEST_F(TraceStageTest, UnixSocketsMeetByInodeAndOffset) {
  const model::Connection near = UnixEnd(true);
  const model::Connection far = UnixEnd(false);
  model::Exchange sent = MakeExchange(near, 0);
  model::Exchange received = MakeExchange(far, 0);
  sent.request_at.begin_offset = received.request_at.begin_offset = 10;
  stage.OnRequest(sent);
  Run(received);
  const model::Span& span = Only();
  EXPECT_FALSE(IsZero(span.parent_span_id));
  EXPECT_EQ(span.attributes.Text(key::kNetworkTransport), "unix");
  EXPECT_EQ(span.attributes.Text(key::kNetworkLocalAddress), "/run/app.sock");
  EXPECT_FALSE(span.attributes.Has(key::kNetworkPeerPort));
}

TEST_F(TraceStageTest, JoinedUnixSocketsNeverMeet) {
  model::Connection near = UnixEnd(true);
  model::Connection far = UnixEnd(false);
  near.joined = far.joined = true;
  model::Exchange sent = MakeExchange(near, 0);
  model::Exchange received = MakeExchange(far, 0);
  stage.OnRequest(sent);
  Run(received);
  EXPECT_TRUE(IsZero(Only().parent_span_id));
  EXPECT_TRUE(Only().attributes.Has(key::kJoined));
}

TEST_F(TraceStageTest, UnixClientWithoutHostIsNamedByPath) {
  const model::Connection near = UnixEnd(true);
  model::Exchange sent = MakeExchange(near, 0);
  sent.request.attributes.SetDynamic("~host", "");
  Run(sent);
  EXPECT_EQ(Only().attributes.Text(key::kServerAddress), "/run/app.sock");
  EXPECT_EQ(Only().attributes.Text(key::kNetworkPeerAddress), "/run/app.sock");
}

model::TraceContext Header() {
  model::TraceContext context;
  context.trace_id.fill(0xab);
  context.span_id.fill(0xcd);
  context.flags = 3;
  context.valid = true;
  context.trace_state = "a=b";
  return context;
}

TEST_F(TraceStageTest, TraceparentIsHonouredAtBothEnds) {
  model::Exchange sent = MakeExchange(client);
  model::Exchange received = MakeExchange(server);
  sent.request.context = received.request.context = Header();
  stage.OnRequest(sent);
  Run(received);
  stage.OnExchange(sent);
  ASSERT_EQ(log.spans.size(), 2u);
  const model::Span& child = log.spans[0];
  const model::Span& parent = log.spans[1];
  EXPECT_EQ(parent.trace_id, Header().trace_id);
  EXPECT_EQ(parent.parent_span_id, Header().span_id);
  EXPECT_EQ(parent.trace_flags, 3);
  EXPECT_EQ(parent.trace_state, "a=b");
  EXPECT_EQ(parent.attributes.Text(key::kLinkMethod), "traceparent");
  EXPECT_EQ(child.trace_id, Header().trace_id);
  EXPECT_EQ(child.parent_span_id, parent.span_id);
  EXPECT_EQ(child.trace_state, "a=b");
  EXPECT_EQ(child.attributes.Text(key::kLinkMethod), "sequence");
}

TEST_F(TraceStageTest, RemoteTraceparentIsTheServersParent) {
  const model::Connection remote = Remote(server);
  model::Exchange received = MakeExchange(remote);
  received.request.context = Header();
  Run(received);
  EXPECT_EQ(Only().trace_id, Header().trace_id);
  EXPECT_EQ(Only().parent_span_id, Header().span_id);
  EXPECT_TRUE(Only().parent_is_remote);
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

TEST_F(TraceStageTest, IdsAreFunctionsOfTheRequest) {
  model::Exchange first = MakeExchange(client, 1);
  model::Exchange again = MakeExchange(client, 1);
  model::Exchange other = MakeExchange(client, 2);
  Run(first);
  Run(again);
  Run(other);
  EXPECT_EQ(log.spans[0].trace_id, log.spans[1].trace_id);
  EXPECT_EQ(log.spans[0].span_id, log.spans[1].span_id);
  EXPECT_NE(log.spans[0].trace_id, log.spans[2].trace_id);
  EXPECT_NE(log.spans[0].span_id, log.spans[2].span_id);
  EXPECT_FALSE(IsZero(log.spans[0].span_id));
}

}  // namespace
}  // namespace spanwire::trace
