// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/otlp_response.h"

#include <gtest/gtest.h>

#include "agent/exporter/backoff.h"
#include "agent/exporter/gzip.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace spanwire::exporter {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using Kind = OtlpVerdict::Kind;

constexpr int64_t kNow = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT

std::string Partial(int64_t rejected, const std::string& message) {
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse response;
  response.mutable_partial_success()->set_rejected_spans(rejected);
  response.mutable_partial_success()->set_error_message(message);
  return response.SerializeAsString();
}

TransportReply Http(int status, std::string body = "",
                    std::string type = "application/x-protobuf") {
  TransportReply reply;
  reply.http_status = status;
  reply.content_type = std::move(type);
  reply.body = std::move(body);
  return reply;
}

OtlpVerdict JudgeHttp(const TransportReply& reply) {
  return JudgeReply(OtlpProtocol::kHttpProtobuf, reply, kNow);
}

TEST(OtlpResponse, AnEmptySuccessIsASuccess) {
  const OtlpVerdict verdict = JudgeHttp(Http(200));
  EXPECT_EQ(verdict.kind, Kind::kDelivered);
  EXPECT_EQ(verdict.rejected, 0u);
  EXPECT_EQ(verdict.message, "");
  EXPECT_EQ(JudgeHttp(Http(202)).kind, Kind::kDelivered);
  EXPECT_EQ(JudgeReply(OtlpProtocol::kHttpJson, Http(200, "{}", "application/json"), kNow).kind,
            Kind::kDelivered);
}

TEST(OtlpResponse, CountsWhatAServerRejected) {
  for (const TransportReply& reply :
       {Http(200, Partial(3, "too old")),
        Http(200, R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"},"new":1})",
             "application/json")}) {
    const OtlpVerdict verdict = JudgeHttp(reply);
    EXPECT_EQ(verdict.kind, Kind::kDelivered);
    EXPECT_EQ(verdict.rejected, 3u);
    EXPECT_EQ(verdict.message, "too old");
  }
  EXPECT_EQ(JudgeHttp(Http(200, Partial(-5, "odd"))).rejected, 0u);
}

TEST(OtlpResponse, ASuccessThatCannotBeReadIsASuccess) {
  EXPECT_EQ(JudgeHttp(Http(200, "\xff\xff")).kind, Kind::kDelivered);
  EXPECT_EQ(JudgeHttp(Http(200, "<html>", "application/json")).kind, Kind::kDelivered);
  EXPECT_EQ(JudgeHttp(Http(200, "\xff\xff")).message, "an unreadable response");
}

TEST(OtlpResponse, OnlyFourHttpStatusesAreWorthAnotherTry) {
  for (int status = 300; status < 600; ++status) {
    const bool retry = status == 429 || status == 502 || status == 503 || status == 504;
    EXPECT_EQ(JudgeHttp(Http(status)).kind, retry ? Kind::kRetry : Kind::kRefused) << status;
  }
}

TEST(OtlpResponse, HonoursRetryAfter) {
  TransportReply reply = Http(503);
  EXPECT_FALSE(JudgeHttp(reply).wait.has_value());
  reply.retry_after = "7";
  EXPECT_EQ(JudgeHttp(reply).wait, 7s);
  reply.retry_after = "Sun, 06 Nov 1994 08:49:40 GMT";
  EXPECT_EQ(JudgeHttp(reply).wait, 3s);
  reply.retry_after = "Sun, 06 Nov 1994 08:49:30 GMT";
  EXPECT_EQ(JudgeHttp(reply).wait, 0ms);
  reply.retry_after = "99999999999999";
  EXPECT_EQ(JudgeHttp(reply).wait, 3600s);
  reply.retry_after = "soon";
  EXPECT_FALSE(JudgeHttp(reply).wait.has_value());
}

TEST(OtlpResponse, SaysWhatTheServerSaidAndNothingForTheTerminal) {
  // google.rpc.Status{code: 3, message: "bad"}.
  EXPECT_EQ(JudgeHttp(Http(400, std::string("\x08\x03\x12\x03"
                                            "bad")))
                .message,
            "HTTP 400: bad");
  EXPECT_EQ(JudgeHttp(Http(400, "no\x1b[31m", "text/plain")).message, "HTTP 400: no\\x1b[31m");
  EXPECT_LT(JudgeHttp(Http(500, std::string(100'000, 'x'), "text/html")).message.size(), 300u);
}

TEST(OtlpResponse, NoAnswerIsWorthAnotherTry) {
  TransportReply reply;
  reply.failure = "connection refused";
  EXPECT_EQ(JudgeHttp(reply).kind, Kind::kRetry);
  reply.too_large = true;
  EXPECT_EQ(JudgeHttp(reply).kind, Kind::kRefused);
}

// --- gRPC ---------------------------------------------------------------------------------------

std::string Frame(const std::string& message, char flag = 0) {
  return std::string{flag, 0, 0, 0} + static_cast<char>(message.size()) + message;
}

TransportReply Grpc(const std::string& status, std::string body = "") {
  TransportReply reply;
  reply.http_status = 200;
  reply.grpc_status = status;
  reply.body = std::move(body);
  return reply;
}

OtlpVerdict JudgeGrpc(const TransportReply& reply) {
  return JudgeReply(OtlpProtocol::kGrpc, reply, kNow);
}

TEST(OtlpResponse, ReadsTheFrameOfGrpc) {
  EXPECT_EQ(JudgeGrpc(Grpc("0", Frame(""))).kind, Kind::kDelivered);
  EXPECT_EQ(JudgeGrpc(Grpc("0", Frame(Partial(2, "x")))).rejected, 2u);
  EXPECT_EQ(JudgeGrpc(Grpc("0", Frame(*Gzip(Partial(2, "x")), 1))).rejected, 2u);
}

TEST(OtlpResponse, SurvivesFramesThatLie) {
  for (const std::string& body :
       {std::string(), std::string("\0\0\0", 3), std::string("\0\0\0\0\x09x", 6),
        std::string("\1\0\0\0\1x", 6), std::string("\0\xff\xff\xff\xff", 5)}) {
    const OtlpVerdict verdict = JudgeGrpc(Grpc("0", body));
    EXPECT_EQ(verdict.kind, Kind::kDelivered);
    EXPECT_EQ(verdict.message, "an unreadable response");
  }
}

TEST(OtlpResponse, KnowsTheRetryableStatusesOfGrpc) {
  for (int status = 1; status <= 17; ++status) {
    const bool retry =
        status == 1 || status == 4 || status == 10 || status == 11 || status == 14 || status == 15;
    EXPECT_EQ(JudgeGrpc(Grpc(std::to_string(status))).kind, retry ? Kind::kRetry : Kind::kRefused)
        << status;
  }
  EXPECT_EQ(JudgeGrpc(Grpc("what")).kind, Kind::kRefused);
}

TEST(OtlpResponse, RetriesAnExhaustedServerOnlyWithRetryInfo) {
  TransportReply reply = Grpc("8");
  // google.rpc.Status{code: 8, details: [RetryInfo{retry_delay: 1.5 s}]}, without padding.
  reply.grpc_status_details =
      "CAgaNgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIKCggIARCAyrXuAQ";
  const OtlpVerdict verdict = JudgeGrpc(reply);
  EXPECT_EQ(verdict.kind, Kind::kRetry);
  EXPECT_EQ(verdict.wait, 1500ms);

  reply.grpc_status_details = "!!!";
  EXPECT_EQ(JudgeGrpc(reply).kind, Kind::kRefused);
}

TEST(OtlpResponse, ReadsHttpWhereGrpcIsSilent) {
  TransportReply reply;
  reply.http_status = 503;
  EXPECT_EQ(JudgeGrpc(reply).kind, Kind::kRetry);
  reply.http_status = 404;
  EXPECT_EQ(JudgeGrpc(reply).kind, Kind::kRefused);
  reply.http_status = 200;
  EXPECT_EQ(JudgeGrpc(reply).kind, Kind::kRefused);
}

TEST(Gzip, PacksAndUnpacks) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "span " + std::to_string(i % 7);
  const std::string packed = *Gzip(text);
  EXPECT_LT(packed.size(), text.size() / 5);
  EXPECT_EQ(*Gunzip(packed, text.size()), text);
  EXPECT_EQ(*Gunzip(*Gzip(""), 0), "");
}

TEST(Gzip, RefusesBombsAndDamage) {
  const std::string packed = *Gzip(std::string(1'000'000, 'x'));
  EXPECT_FALSE(Gunzip(packed, 999'999));
  EXPECT_FALSE(Gunzip(packed.substr(0, packed.size() / 2), 2'000'000));
  EXPECT_FALSE(Gunzip("not gzip", 100));
}

TEST(Backoff, DoublesWithJitterUpToTheMost) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Backoff backoff(100ms, 1000ms, seed);
    for (const auto whole : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
      const auto wait = backoff.Next();
      EXPECT_LE(wait, whole);
      EXPECT_GE(wait, whole / 2);
    }
    backoff.Reset();
    EXPECT_LE(backoff.Next(), 100ms);
  }
}

TEST(Backoff, DiffersFromAgentToAgent) {
  Backoff first(1s, 10s, 1);
  Backoff second(1s, 10s, 2);
  bool differs = false;
  for (int i = 0; i < 10; ++i) differs = differs || first.Next() != second.Next();
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace spanwire::exporter
