// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/otlp_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "tests/unit/exporter/test_spans.h"

namespace spanwire::exporter {
namespace {

using opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::ElementsAre;
using testing::HasSubstr;

// What the server does, told by the test while the exporter runs.
class Script {
 public:
  // The answers to the next posts; afterwards all is well.
  void Answer(std::vector<TransportReply> replies) {
    std::lock_guard lock(mutex_);
    replies_ = {replies.begin(), replies.end()};
  }
  void Block() { SetBlocked(true); }
  void Unblock() { SetBlocked(false); }

  // Waits until `count` posts began.
  std::vector<std::string> WaitForPosts(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 20s, [&] { return bodies_.size() >= count; });
    return bodies_;
  }

  TransportReply Post(std::string_view body) {
    std::unique_lock lock(mutex_);
    bodies_.emplace_back(body);
    changed_.notify_all();
    while (blocked_ && std::chrono::steady_clock::now() < deadline_) {
      changed_.wait_until(lock, std::min(deadline_, std::chrono::steady_clock::now() + 1h));
    }
    TransportReply reply;
    reply.http_status = 200;
    if (blocked_) reply.failure = "out of time";
    if (blocked_ || replies_.empty()) return reply;
    reply = replies_.front();
    replies_.pop_front();
    return reply;
  }
  void LimitTo(std::chrono::steady_clock::time_point deadline) {
    std::lock_guard lock(mutex_);
    deadline_ = deadline;
    changed_.notify_all();
  }

 private:
  void SetBlocked(bool blocked) {
    std::lock_guard lock(mutex_);
    blocked_ = blocked;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<TransportReply> replies_;
  std::vector<std::string> bodies_;
  bool blocked_ = false;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
};

class ScriptedTransport final : public OtlpTransport {
 public:
  explicit ScriptedTransport(Script& script) : script_(script) {}
  TransportReply Post(std::string_view body) override { return script_.Post(body); }
  void LimitTo(std::chrono::steady_clock::time_point deadline) override {
    script_.LimitTo(deadline);
  }

 private:
  Script& script_;
};

TransportReply Status(int status) {
  TransportReply reply;
  reply.http_status = status;
  return reply;
}

TransportReply Failure(std::string text) {
  TransportReply reply;
  reply.failure = std::move(text);
  return reply;
}

int SpansIn(const std::string& body) {
  ExportTraceServiceRequest request;
  EXPECT_TRUE(request.ParseFromString(body));
  int count = 0;
  for (const auto& resource : request.resource_spans()) {
    count += resource.scope_spans(0).spans_size();
  }
  return count;
}

class OtlpExporterTest : public testing::Test {
 protected:
  OtlpExporterTest() {
    options_.url = "http://collector:4318/v1/traces";
    options_.schedule_delay = 1h;  // only full batches, unless a test wants it
    options_.initial_backoff = 1ms;
    options_.max_backoff = 2ms;
  }

  OtlpExporter& Start() {
    exporter_ = std::make_unique<OtlpExporter>(
        options_, TestAgent(), stage_,
        OtlpExporter::Surroundings{.transport = std::make_unique<ScriptedTransport>(script_),
                                   .clock = std::make_unique<SystemClock>(),
                                   .seed = 1});
    return *exporter_;
  }
  uint64_t Dropped(std::string_view reason) { return stage_.Drop(reason).Get(); }
  void ExpectSettled(uint64_t in, uint64_t out) {
    EXPECT_EQ(stage_.in.Get(), in);
    EXPECT_EQ(stage_.out.Get(), out);
    EXPECT_EQ(stage_.held.Get(), 0u);
    EXPECT_TRUE(stage_.Balanced());
  }

  OtlpOptions options_;
  Script script_;
  Stage stage_{"exporter/otlp", "spans"};
  std::unique_ptr<OtlpExporter> exporter_;
};

TEST_F(OtlpExporterTest, SendsFullBatchesAndTheRestAtTheEnd) {
  options_.max_batch_spans = 100;
  OtlpExporter& exporter = Start();
  EXPECT_TRUE(exporter.Export(MakeSpans(250)));
  script_.WaitForPosts(2);
  EXPECT_TRUE(exporter.Export(MakeSpans(30)));
  EXPECT_TRUE(exporter.Shutdown(20s));
  std::vector<int> sizes;
  for (const std::string& body : script_.WaitForPosts(3)) sizes.push_back(SpansIn(body));
  EXPECT_THAT(sizes, ElementsAre(100, 100, 80));
  ExpectSettled(280, 280);
}

TEST_F(OtlpExporterTest, CutsBatchesByBytesToo) {
  options_.max_batch_bytes = 10'000;
  OtlpExporter& exporter = Start();
  EXPECT_TRUE(exporter.Export(MakeSpans(200)));
  EXPECT_TRUE(exporter.Shutdown(20s));
  int sum = 0;
  for (const std::string& body : script_.WaitForPosts(1)) {
    EXPECT_LT(body.size(), 11'000u);
    sum += SpansIn(body);
  }
  EXPECT_EQ(sum, 200);
  ExpectSettled(200, 200);
}

TEST_F(OtlpExporterTest, SendsWhatIsOldEnough) {
  options_.schedule_delay = 1ms;
  OtlpExporter& exporter = Start();
  EXPECT_TRUE(exporter.Export(MakeSpans(3)));
  const auto bodies = script_.WaitForPosts(1);
  ASSERT_EQ(bodies.size(), 1u);
  EXPECT_EQ(SpansIn(bodies[0]), 3);
  EXPECT_TRUE(exporter.Shutdown(20s));
  ExpectSettled(3, 3);
}

TEST_F(OtlpExporterTest, SendsNothingWhenThereIsNothing) {
  OtlpExporter& exporter = Start();
  EXPECT_TRUE(exporter.Export({}));
  EXPECT_TRUE(exporter.Shutdown(20s));
  EXPECT_TRUE(script_.WaitForPosts(0).empty());
  ExpectSettled(0, 0);
}

TEST_F(OtlpExporterTest, TriesTheSameBatchAgainUntilItIsTaken) {
  script_.Answer({Failure("refused"), Status(503), Status(429), Failure("reset")});
  OtlpExporter& exporter = Start();
  EXPECT_TRUE(exporter.Export(MakeSpans(512)));
  const auto bodies = script_.WaitForPosts(5);
  ASSERT_EQ(bodies.size(), 5u);
  for (const std::string& body : bodies) EXPECT_EQ(body, bodies[0]);
  static_cast<void>(exporter.Shutdown(20s));
  ExpectSettled(512, 512);
}

TEST_F(OtlpExporterTest, DropsWhatTheServerWillNeverTake) {
  script_.Answer({Status(400)});
  OtlpExporter& exporter = Start();
  EXPECT_TRUE(exporter.Export(MakeSpans(512)));
  script_.WaitForPosts(1);
  static_cast<void>(exporter.Export(MakeSpans(1)));
  static_cast<void>(exporter.Shutdown(20s));
  EXPECT_EQ(Dropped("refused"), 512u);
  ExpectSettled(513, 1);
}

TEST_F(OtlpExporterTest, CountsAPartialSuccessAndDoesNotRepeatIt) {
  TransportReply partial = Status(200);
  partial.content_type = "application/json";
  partial.body = R"({"partialSuccess":{"rejectedSpans":"12","errorMessage":"too old"}})";
  script_.Answer({partial});
  OtlpExporter& exporter = Start();
  EXPECT_TRUE(exporter.Export(MakeSpans(512)));
  const Result<> result = exporter.Shutdown(20s);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("too old"));
  EXPECT_EQ(script_.WaitForPosts(1).size(), 1u);
  EXPECT_EQ(Dropped("rejected"), 12u);
  ExpectSettled(512, 500);
}

TEST_F(OtlpExporterTest, AServerCannotRejectMoreThanItGot) {
  TransportReply partial = Status(200);
  partial.content_type = "application/json";
  partial.body = R"({"partialSuccess":{"rejectedSpans":"9000"}})";
  script_.Answer({partial});
  OtlpExporter& exporter = Start();
  EXPECT_TRUE(exporter.Export(MakeSpans(10)));
  static_cast<void>(exporter.Shutdown(20s));
  EXPECT_EQ(Dropped("rejected"), 10u);
  ExpectSettled(10, 0);
}

TEST_F(OtlpExporterTest, DropsTheNewestWhenTheQueueIsFull) {
  options_.max_batch_spans = 10;
  options_.max_queue_spans = 40;
  script_.Block();
  OtlpExporter& exporter = Start();
  EXPECT_TRUE(exporter.Export(MakeSpans(100)));
  EXPECT_EQ(Dropped("queue_full"), 60u);
  EXPECT_EQ(stage_.held.Get(), 40u);
  EXPECT_TRUE(stage_.Balanced());
  script_.Unblock();
  EXPECT_TRUE(exporter.Shutdown(20s));
  ExpectSettled(100, 40);
}

TEST_F(OtlpExporterTest, BoundsTheBytesItHolds) {
  options_.max_batch_spans = 10;
  options_.max_queue_bytes = 50'000;
  script_.Block();
  OtlpExporter& exporter = Start();
  EXPECT_TRUE(exporter.Export(MakeSpans(1000)));
  EXPECT_GT(stage_.held.Get(), 50u);
  EXPECT_LT(stage_.held.Get(), 150u);
  script_.Unblock();
  EXPECT_TRUE(exporter.Shutdown(20s));
  EXPECT_TRUE(stage_.Balanced());
}

TEST_F(OtlpExporterTest, WaitsForRoomWhenAsked) {
  options_.max_batch_spans = 10;
  options_.max_queue_spans = 20;
  options_.when_full = WhenFull::kWait;
  OtlpExporter& exporter = Start();
  EXPECT_TRUE(exporter.Export(MakeSpans(5000)));
  EXPECT_TRUE(exporter.Shutdown(20s));
  EXPECT_EQ(Dropped("queue_full"), 0u);
  ExpectSettled(5000, 5000);
}

TEST_F(OtlpExporterTest, CountsWhatTheEndFindsUndelivered) {
  options_.max_batch_spans = 10;
  script_.Block();
  OtlpExporter& exporter = Start();
  EXPECT_TRUE(exporter.Export(MakeSpans(35)));
  script_.WaitForPosts(1);
  const Result<> result = exporter.Shutdown(0ms);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("35 spans could not be delivered"));
  EXPECT_EQ(Dropped("shutdown"), 35u);
  ExpectSettled(35, 0);
}

TEST_F(OtlpExporterTest, TheEndDoesNotWaitForALongBackOff) {
  options_.initial_backoff = 1h;
  options_.max_backoff = 1h;
  script_.Answer({Failure("refused")});
  OtlpExporter& exporter = Start();
  EXPECT_TRUE(exporter.Export(MakeSpans(512)));
  script_.WaitForPosts(1);
  static_cast<void>(exporter.Shutdown(20s));
  ExpectSettled(512, 512);
}

TEST_F(OtlpExporterTest, AServerThatNamedATimeIsNotHurried) {
  TransportReply busy = Status(503);
  busy.retry_after = "3600";
  script_.Answer({busy});
  OtlpExporter& exporter = Start();
  EXPECT_TRUE(exporter.Export(MakeSpans(512)));
  script_.WaitForPosts(1);
  EXPECT_FALSE(exporter.Shutdown(10ms));
  EXPECT_EQ(script_.WaitForPosts(1).size(), 1u);
  EXPECT_EQ(Dropped("shutdown"), 512u);
  ExpectSettled(512, 0);
}

TEST_F(OtlpExporterTest, TellsATroubleOnceAndNoSecret) {
  options_.url = "http://user:hush@collector:4318/v1/traces";
  options_.headers = {{"authorization", "hush"}};
  std::vector<TransportReply> replies(20, Failure("connection refused"));
  script_.Answer(replies);
  OtlpExporter& exporter = Start();
  std::vector<std::string> errors;
  const auto note = [&](const Result<>& result) {
    if (!result) errors.push_back(result.error().message);
  };
  note(exporter.Export(MakeSpans(512)));
  script_.WaitForPosts(2);
  for (int i = 0; i < 5; ++i) note(exporter.Export(MakeSpans(1)));
  script_.WaitForPosts(15);
  for (int i = 0; i < 5; ++i) note(exporter.Export(MakeSpans(1)));
  EXPECT_THAT(errors,
              ElementsAre("OTLP to http://***@collector:4318/v1/traces: connection refused"));
  static_cast<void>(exporter.Shutdown(20s));
  ExpectSettled(522, 522);
}

TEST_F(OtlpExporterTest, NothingIsLostWhenItIsDestroyed) {
  script_.Block();
  Start();
  EXPECT_TRUE(exporter_->Export(MakeSpans(600)));
  exporter_.reset();
  EXPECT_EQ(Dropped("shutdown"), 600u);
  ExpectSettled(600, 0);
}

}  // namespace
}  // namespace spanwire::exporter
