// SPDX-License-Identifier: Apache-2.0
// Whatever the number of shards is, and however the threads run: the exchanges come out as from one
// tracker.
#include "agent/connection/sharded_tracker.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/connection/event_script.h"
#include "tests/unit/connection/line_protocol.h"
#include "tests/unit/connection/wire.h"

namespace spanwire::connection {
namespace {

// Everything that a tracker tells, as text and in order.
class Transcript final : public model::ExchangeSink, public RoundSink {
 public:
  void OnRequest(const model::Exchange& exchange) override { Note("request", exchange); }
  void OnExchange(model::Exchange& exchange) override { Note("exchange", exchange); }
  void OnStep(const model::Step& step) override {
    lines.push_back("step " + std::to_string(static_cast<int>(step.kind)) + " " +
                    std::to_string(step.connection) + "." + std::to_string(step.ordinal) + " at " +
                    std::to_string(step.time_ns) + " by " + std::to_string(step.who.pid));
  }
  void OnTick(const ClockAnchor& now) override {
    lines.push_back("tick " + std::to_string(now.monotonic_ns));
  }
  void OnFlush() override { lines.emplace_back("flush"); }

  std::vector<std::string> lines;

 private:
  void Note(const char* what, const model::Exchange& exchange) {
    const model::Connection& connection = *exchange.connection;
    std::string line = what;
    line += " " + std::to_string(connection.id) + "." + std::to_string(exchange.ordinal);
    line += " " + connection.local_text + ":" + std::to_string(connection.local.port);
    line += connection.joined ? " joined" : "";
    line += exchange.is_client ? " client " : " server ";
    line += Name(exchange.process);
    line += " [" + exchange.request.name + Text(exchange.request_at) + "]";
    line += " [" + exchange.response.name + Text(exchange.response_at) + "]";
    line += exchange.has_response ? " answered " : " ";
    line += std::to_string(static_cast<int>(exchange.ending)) + " " +
            std::to_string(exchange.error) + " at " + std::to_string(exchange.ended_ns);
    lines.push_back(line);
  }

  static std::string Text(const model::MessagePosition& at) {
    return " " + std::to_string(at.begin_offset) + "-" + std::to_string(at.end_offset) + " at " +
           std::to_string(at.first_ns) + "-" + std::to_string(at.last_ns) + " by " +
           std::to_string(at.who.pid) + (at.complete ? " whole" : "");
  }

  // One object a process: resources are told apart by it.
  std::string Name(const std::shared_ptr<const model::Process>& process) {
    if (process == nullptr) return "nobody";
    kept_.push_back(process);
    const auto [entry, is_new] = processes_.try_emplace(process.get(), processes_.size());
    return process->service_name + "#" + std::to_string(entry->second);
  }

  std::map<const model::Process*, size_t> processes_;
  std::vector<std::shared_ptr<const model::Process>> kept_;
};

// How the events of a script are given: what comes after each of them.
struct Rhythm {
  uint64_t seed = 0;
  size_t flush_one_in = 30;
  size_t settle_one_in = 400;
};

struct Outcome {
  std::vector<std::string> lines;
  std::string ledger;
  std::vector<std::pair<model::ConnectionId, Policy>> policies;
};

TrackerLimits ShortLimits() {
  TrackerLimits limits;
  limits.request_timeout_ns = 3'000'000'000;
  limits.idle_ns = 8'000'000'000;
  return limits;
}

TrackerParts PartsOf(Ledger& ledger, model::ExchangeSink& exchanges, PolicySink& policies) {
  return {kLineProtocol, AddConnectionStages(ledger), &exchanges, &policies};
}

Outcome RunAlone(const EventScript& script, const Rhythm& rhythm) {
  Ledger ledger;
  Transcript transcript;
  PolicyLog policies;
  ConnectionTracker tracker(PartsOf(ledger, transcript, policies), ShortLimits());
  // A tick is told after what it ended.
  class WithTicks final : public model::EventSink {
   public:
    WithTicks(ConnectionTracker& inner, Transcript& log) : inner_(inner), log_(log) {}
    void OnData(const model::DataEvent& event) override { inner_.OnData(event); }
    void OnConnection(const model::ConnectionEvent& event) override { inner_.OnConnection(event); }
    void OnProcess(const model::Process& process) override { inner_.OnProcess(process); }
    void OnTick(const ClockAnchor& now) override {
      inner_.OnTick(now);
      log_.OnTick(now);
    }

   private:
    ConnectionTracker& inner_;
    Transcript& log_;
  } sink(tracker, transcript);
  std::mt19937_64 random(rhythm.seed);
  for (size_t i = 0; i < script.size(); ++i) {
    script.Play(i, sink);
    if (random() % rhythm.flush_one_in == 0) transcript.OnFlush();
    random();
  }
  tracker.Finish(77);
  return {std::move(transcript.lines), ledger.ToLine(), std::move(policies.sent)};
}

Outcome RunSharded(const EventScript& script, const Rhythm& rhythm,
                   const ShardingOptions& options) {
  Ledger ledger;
  Transcript transcript;
  PolicyLog policies;
  ShardedTracker tracker(PartsOf(ledger, transcript, policies), ShortLimits(), transcript, options);
  std::mt19937_64 random(rhythm.seed);
  for (size_t i = 0; i < script.size(); ++i) {
    script.Play(i, tracker);
    if (random() % rhythm.flush_one_in == 0) tracker.Flush();
    if (random() % rhythm.settle_one_in != 0) continue;
    tracker.Settle();
    for (const auto& stage : ledger.stages()) EXPECT_TRUE(stage->Balanced()) << stage->name();
  }
  tracker.Finish(77);
  EXPECT_EQ(tracker.connections(), 0u);
  EXPECT_EQ(tracker.held_bytes(), 0u);
  return {std::move(transcript.lines), ledger.ToLine(), std::move(policies.sent)};
}

void ExpectSame(const Outcome& expected, const Outcome& found) {
  ASSERT_EQ(expected.lines.size(), found.lines.size());
  for (size_t i = 0; i < expected.lines.size(); ++i) {
    ASSERT_EQ(expected.lines[i], found.lines[i]) << "line " << i;
  }
  EXPECT_EQ(expected.ledger, found.ledger);
}

class ShardedTrackerTest : public ::testing::TestWithParam<size_t> {};

TEST_P(ShardedTrackerTest, TellsWhatOneTrackerTells) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const EventScript script = RandomTraffic(seed).Make(3000);
    const Rhythm rhythm{.seed = seed};
    const Outcome expected = RunAlone(script, rhythm);
    ASSERT_GT(expected.lines.size(), 1000u);
    std::mt19937_64 random(seed);
    ShardingOptions options;
    options.shards = GetParam();
    options.rounds = 2 + random() % 4;
    options.round_events = 1 + random() % 200;
    options.inline_events = random() % 3 == 0 ? random() % 40 : 0;
    ExpectSame(expected, RunSharded(script, rhythm, options));
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Shards, ShardedTrackerTest, ::testing::Values(1, 2, 3, 4, 8));

TEST(ShardedTracker, PoliciesOfAConnectionKeepTheirOrder) {
  const EventScript script = RandomTraffic(5).Make(3000);
  const Rhythm rhythm{.seed = 5};
  const auto by_connection = [](const Outcome& outcome) {
    std::map<model::ConnectionId, std::vector<Policy>> sorted;
    for (auto [id, policy] : outcome.policies) {
      policy.reopen = policy.reopen != 0 ? 1 : 0;  // counted by each shard
      sorted[id].push_back(policy);
    }
    return sorted;
  };
  ShardingOptions options;
  options.shards = 3;
  options.inline_events = 0;
  const auto expected = by_connection(RunAlone(script, rhythm));
  EXPECT_FALSE(expected.empty());
  EXPECT_EQ(by_connection(RunSharded(script, rhythm, options)), expected);
}

// A slow far end: the caller waits, nothing is lost, and no more rounds are kept than were allowed.
TEST(ShardedTracker, TheCallerWaitsForASlowSink) {
  class SlowSink final : public model::ExchangeSink, public RoundSink {
   public:
    void OnRequest(const model::Exchange& /*exchange*/) override {}
    void OnStep(const model::Step& /*step*/) override {}
    void OnExchange(model::Exchange& /*exchange*/) override {
      std::this_thread::yield();
      ++exchanges;
    }
    void OnTick(const ClockAnchor& /*now*/) override {}
    void OnFlush() override {}
    size_t exchanges = 0;
  };
  Ledger ledger;
  SlowSink sink;
  NoPolicySink policies;
  ShardingOptions options;
  options.rounds = 2;
  options.round_events = 2;
  options.inline_events = 0;
  const EventScript script = RandomTraffic(3).Make(2000);
  ShardedTracker tracker(PartsOf(ledger, sink, policies), {}, sink, options);
  for (size_t i = 0; i < script.size(); ++i) script.Play(i, tracker);
  tracker.Finish(77);
  EXPECT_GT(tracker.waits_for_rounds(), 0u);
  EXPECT_EQ(ledger.stages().back()->out.Get(), sink.exchanges);
  for (const auto& stage : ledger.stages()) EXPECT_TRUE(stage->Balanced()) << stage->name();
}

TEST(ShardedTracker, NothingIsUnderWayAfterSettling) {
  Ledger ledger;
  Transcript transcript;
  NoPolicySink policies;
  ShardingOptions options;
  options.inline_events = 0;
  ShardedTracker tracker(PartsOf(ledger, transcript, policies), {}, transcript, options);
  model::ConnectionEvent open;
  open.connection = Wire::Describe(1);
  tracker.OnConnection(open);
  EXPECT_TRUE(transcript.lines.empty());
  tracker.Flush();
  EXPECT_TRUE(tracker.Waits());
  tracker.Settle();
  EXPECT_FALSE(tracker.Waits());
  EXPECT_EQ(transcript.lines, std::vector<std::string>{"flush"});
  EXPECT_EQ(tracker.connections(), 1u);
}

TEST(ShardedTracker, FewEventsAreWorkedOffAtOnce) {
  Ledger ledger;
  Transcript transcript;
  NoPolicySink policies;
  ShardedTracker tracker(PartsOf(ledger, transcript, policies), {}, transcript, {});
  tracker.OnTick({.monotonic_ns = 5, .wall_ns = 5});
  tracker.Flush();
  EXPECT_EQ(transcript.lines, (std::vector<std::string>{"tick 5", "flush"}));
  EXPECT_FALSE(tracker.Waits());
}

TEST(ShardedTracker, EachShardHasItsPartOfTheLimits) {
  Ledger ledger;
  Transcript transcript;
  NoPolicySink policies;
  TrackerLimits limits;
  limits.max_connections = 100;
  ShardingOptions options;
  options.shards = 4;
  ShardedTracker tracker(PartsOf(ledger, transcript, policies), limits, transcript, options);
  model::ConnectionEvent open;
  for (model::ConnectionId id = 1; id <= 5000; ++id) {
    open.connection = Wire::Describe(id);
    tracker.OnConnection(open);
  }
  tracker.Settle();
  EXPECT_LE(tracker.connections(), 100u);
  EXPECT_GE(tracker.connections(), 50u);
}

}  // namespace
}  // namespace spanwire::connection
