// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "agent/exporter/gzip.h"
#include "agent/exporter/otlp_transport.h"
#include "tests/unit/exporter/scripted_server.h"

namespace spanwire::exporter {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::HasSubstr;
using testing::Not;
using Step = ScriptedServer::Step;

constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

class CurlTransport : public testing::Test {
 protected:
  CurlTransport() { setenv("no_proxy", "*", 1); }

  static std::unique_ptr<OtlpTransport> Make(OtlpOptions options, const std::string& url) {
    options.url = url;
    auto transport = MakeCurlTransport(options, "0.1.0");
    EXPECT_TRUE(transport) << transport.error().message;
    return std::move(*transport);
  }
};

TEST_F(CurlTransport, PostsTheBodyWithItsHeaders) {
  ScriptedServer server({{.answer = kOk}});
  OtlpOptions options;
  options.headers = {{"authorization", "Bearer x"}, {"x-empty", ""}};
  const auto reply = Make(options, server.url())->Post(std::string("a\0b", 3));

  EXPECT_EQ(reply.failure, "");
  EXPECT_EQ(reply.http_status, 200);
  const auto requests = server.WaitFor(1);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].body, std::string("a\0b", 3));
  EXPECT_THAT(requests[0].head, HasSubstr("post /v1/traces http/1.1\r\n"));
  EXPECT_THAT(requests[0].head, HasSubstr("\r\ncontent-type: application/x-protobuf\r\n"));
  EXPECT_THAT(requests[0].head,
              HasSubstr("\r\nuser-agent: spanwire/0.1.0 otel-otlp-exporter-cpp/0.1.0\r\n"));
  EXPECT_THAT(requests[0].head, HasSubstr("\r\nauthorization: bearer x\r\n"));
  EXPECT_THAT(requests[0].head, HasSubstr("\r\nx-empty:\r\n"));
  EXPECT_THAT(requests[0].head, Not(HasSubstr("content-encoding")));
}

TEST_F(CurlTransport, SaysWhatItPacked) {
  ScriptedServer server({{.answer = kOk}, {.answer = kOk}});
  OtlpOptions options;
  options.compression = Compression::kGzip;
  options.protocol = OtlpProtocol::kHttpJson;
  const auto transport = Make(options, server.url());
  EXPECT_EQ(transport->Post(*RequestBody(options, "{\"resourceSpans\":[]}")).http_status, 200);
  const auto requests = server.WaitFor(1);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_THAT(requests[0].head, HasSubstr("\r\ncontent-encoding: gzip\r\n"));
  EXPECT_THAT(requests[0].head, HasSubstr("\r\ncontent-type: application/json\r\n"));
  EXPECT_EQ(*Gunzip(requests[0].body, 1000), "{\"resourceSpans\":[]}");
}

TEST_F(CurlTransport, KeepsItsConnection) {
  ScriptedServer server({{.answer = kOk}, {.answer = kOk}, {.answer = kOk}});
  const auto transport = Make({}, server.url());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(transport->Post("x").http_status, 200);
  const auto requests = server.WaitFor(3);
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[2].connection, 0);
}

TEST_F(CurlTransport, ReadsAnAnswerAndForgetsItBeforeTheNext) {
  ScriptedServer server({{.answer = "HTTP/1.1 100 Continue\r\nRetry-After: 1\r\n\r\n"
                                    "HTTP/1.1 429 Slow Down\r\nRetry-After: 7 \r\n"
                                    "Content-Type: Text/Plain\r\nContent-Length: 4\r\n\r\nslow"},
                         {.answer = kOk}});
  const auto transport = Make({}, server.url());
  const TransportReply first = transport->Post("x");
  EXPECT_EQ(first.http_status, 429);
  EXPECT_EQ(first.retry_after, "7");
  EXPECT_EQ(first.content_type, "text/plain");
  EXPECT_EQ(first.body, "slow");
  const TransportReply second = transport->Post("x");
  EXPECT_EQ(second.http_status, 200);
  EXPECT_FALSE(second.retry_after.has_value());
  EXPECT_EQ(second.body, "");
}

TEST_F(CurlTransport, ReadsTrailers) {
  ScriptedServer server({{.answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                    "2\r\nok\r\n0\r\ngrpc-status: 3\r\n"
                                    "grpc-message: bad%20data\r\n"
                                    "grpc-status-details-bin: CAM\r\n\r\n"}});
  const TransportReply reply = Make({}, server.url())->Post("x");
  EXPECT_EQ(reply.body, "ok");
  EXPECT_EQ(reply.grpc_status, "3");
  EXPECT_EQ(reply.grpc_message, "bad%20data");
  EXPECT_EQ(reply.grpc_status_details, "CAM");
}

TEST_F(CurlTransport, FollowsNoRedirect) {
  ScriptedServer other({{.answer = kOk}});
  ScriptedServer server({{.answer = "HTTP/1.1 307 Elsewhere\r\nLocation: " + other.url() +
                                    "\r\nContent-Length: 0\r\n\r\n"}});
  EXPECT_EQ(Make({}, server.url())->Post("x").http_status, 307);
  EXPECT_EQ(other.raw(), "");
}

TEST_F(CurlTransport, TellsWhyThereIsNoAnswer) {
  std::string url;
  {
    const ScriptedServer gone({});
    url = gone.url();
  }
  EXPECT_NE(Make({}, url)->Post("x").failure, "");

  ScriptedServer server(
      {{.answer = "", .then = Step::Then::kReset},
       {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", .then = Step::Then::kClose},
       {.answer = kOk}});
  const auto transport = Make({}, server.url());
  EXPECT_NE(transport->Post("x").failure, "");
  EXPECT_NE(transport->Post("x").failure, "");
  EXPECT_EQ(transport->Post("x").failure, "");
}

TEST_F(CurlTransport, HintsAtAWrongPortOrScheme) {
  // A frame of HTTP/2: SETTINGS.
  ScriptedServer grpc({}, std::string("\0\0\0\4\0\0\0\0\0", 9));
  EXPECT_THAT(Make({}, grpc.url())->Post("x").failure, HasSubstr("choose the protocol grpc"));

  ScriptedServer closing({{.answer = "", .then = Step::Then::kClose}});
  OtlpOptions options;
  options.protocol = OtlpProtocol::kGrpc;
  EXPECT_THAT(Make(options, closing.url())->Post("x").failure,
              HasSubstr("choose the protocol http/protobuf"));

  ScriptedServer plain({}, "HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_THAT(Make({}, plain.url("https"))->Post("x").failure, HasSubstr("write http://"));
}

TEST_F(CurlTransport, GivesUpAfterTheTimeout) {
  ScriptedServer server({{.answer = "", .then = Step::Then::kHang}, {.answer = kOk}});
  OtlpOptions options;
  options.timeout = 50ms;
  const auto transport = Make(options, server.url());
  EXPECT_NE(transport->Post("x").failure, "");
  EXPECT_EQ(transport->Post("x").http_status, 200);
}

TEST_F(CurlTransport, GivesUpWhenItsTimeIsCutShort) {
  ScriptedServer server({{.answer = "", .then = Step::Then::kHang}});
  OtlpOptions options;
  options.timeout = 0ms;
  const auto transport = Make(options, server.url());
  std::string failure;
  std::jthread sender([&] { failure = transport->Post("x").failure; });
  ASSERT_EQ(server.WaitFor(1).size(), 1u);
  transport->LimitTo(std::chrono::steady_clock::now());
  sender.join();
  EXPECT_EQ(failure, "out of time");
}

TEST_F(CurlTransport, ReadsNoMoreThanFourMebibytes) {
  const std::string size = std::to_string(kMaxResponseBytes + 1);
  ScriptedServer server({{.answer = "HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n" +
                                    std::string(kMaxResponseBytes + 1, 'x'),
                          .then = Step::Then::kClose}});
  const TransportReply reply = Make({}, server.url())->Post("x");
  EXPECT_TRUE(reply.too_large);
  EXPECT_EQ(reply.failure, "");
}

TEST_F(CurlTransport, NeverFallsBackToPlainText) {
  ScriptedServer server({{.answer = kOk}, {.answer = kOk}});
  OtlpOptions options;
  options.headers = {{"authorization", "canary-1"}};
  options.timeout = 200ms;
  EXPECT_NE(Make(options, server.url("https"))->Post("canary-2").failure, "");
  EXPECT_THAT(server.raw(), Not(HasSubstr("canary")));
}

TEST_F(CurlTransport, RefusesCertificatesThatItCannotRead) {
  ScriptedServer server({{.answer = kOk}});
  OtlpOptions options;
  options.certificate = "/nonexistent/ca.pem";
  EXPECT_THAT(Make(options, server.url("https"))->Post("x").failure, Not(testing::IsEmpty()));
}

TEST(OtlpRequest, FramesForGrpc) {
  OtlpOptions options;
  options.protocol = OtlpProtocol::kGrpc;
  EXPECT_EQ(*RequestBody(options, "abc"), std::string("\0\0\0\0\3abc", 8));
  options.compression = Compression::kGzip;
  const std::string packed = *RequestBody(options, std::string(300, 'x'));
  EXPECT_EQ(packed[0], '\1');
  EXPECT_EQ(static_cast<uint8_t>(packed[4]), packed.size() - 5);
  EXPECT_EQ(*Gunzip(std::string_view(packed).substr(5), 1000), std::string(300, 'x'));
}

TEST(OtlpRequest, TellsGrpcItsTimeout) {
  OtlpOptions options;
  options.protocol = OtlpProtocol::kGrpc;
  using testing::Contains;
  using testing::Pair;
  EXPECT_THAT(RequestHeaders(options, "1"), Contains(Pair("grpc-timeout", "10000m")));
  EXPECT_THAT(RequestHeaders(options, "1"), Contains(Pair("te", "trailers")));
  options.timeout = std::chrono::hours(100);
  EXPECT_THAT(RequestHeaders(options, "1"), Contains(Pair("grpc-timeout", "360000S")));
  options.timeout = 0ms;
  EXPECT_THAT(RequestHeaders(options, "1"), Not(Contains(Pair("grpc-timeout", testing::_))));
}

}  // namespace
}  // namespace spanwire::exporter
