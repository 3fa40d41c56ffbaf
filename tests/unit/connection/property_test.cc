// SPDX-License-Identifier: Apache-2.0
// Random traffic through a model of the kernel that splits, counts, loses and delays: no response
// is ever given to the wrong request, and every stage of the ledger balances after every case.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/connection/wire.h"

namespace spanwire::connection {
namespace {

using model::Direction;

struct Plan {
  bool pipelined = false;
  bool joined = false;
  double loss = 0;  // share of records that never arrive
  double swap = 0;  // share of neighbouring records of one direction that arrive in wrong order
  size_t budget = 1 << 20;  // bytes captured of a turn
  bool closes = true;
};

class Traffic {
 public:
  Traffic(std::mt19937_64& random, Wire& wire, const Plan& plan, model::ConnectionId id)
      : random_(random), wire_(wire), plan_(plan), id_(id) {}

  // Plays one connection; returns how many exchanges there were.
  size_t Play() {
    if (plan_.joined) WriteUnseen();
    wire_.Open(id_, plan_.joined);
    seeing_ = true;
    const size_t exchanges = 1 + Pick(8);
    held_back_ = plan_.pipelined && Chance(0.5);
    size_t sent = 0;
    size_t answered = 0;
    while (answered < exchanges) {
      const size_t window = plan_.pipelined ? 1 + Pick(4) : 1;
      const size_t batch = std::min(exchanges - sent, window - std::min(window, sent - answered));
      for (size_t i = 0; i < batch; ++i) Request(sent++);
      Flush(Direction::kTransmit, held_back_ && sent < exchanges ? Pick(10) : 0);
      const size_t replies = 1 + Pick(std::max<size_t>(1, sent - answered));
      // What was asked but not sent yet is not answered.
      const size_t asked = carry_.empty() ? sent : sent - 1;
      for (size_t i = 0; i < replies && answered < asked; ++i) Response(answered++);
      if (!pending_.empty()) Flush(Direction::kReceive);
    }
    Deliver();
    if (plan_.closes) wire_.Close(0, id_);
    return exchanges;
  }

 private:
  size_t Pick(size_t below) { return random_() % below; }
  bool Chance(double share) { return std::uniform_real_distribution<>(0, 1)(random_) < share; }
  std::string Name(size_t index) const { return std::to_string(id_) + "." + std::to_string(index); }
  // Content that looks like messages.
  std::string Body(char kind, size_t size) {
    std::string body;
    while (body.size() < size) body += std::string(1, kind) + "999\n";
    body.resize(size);
    return body;
  }

  void WriteUnseen() {
    pending_ = "Q0\n";
    Flush(Direction::kTransmit);
    if (Chance(0.5)) return;
    pending_ = "A0\n";
    Flush(Direction::kReceive);
  }

  void Request(size_t index) {
    const size_t begin = pending_.size();
    const size_t body = Chance(0.3) ? 1 + Pick(40) : 0;
    pending_ += "Q" + Name(index) + (body > 0 ? "+" + std::to_string(body) : "") + "\n";
    pending_ += Body('Q', body);
    last_request_ = pending_.size() - begin;
  }

  void Response(size_t index) {
    if (Chance(0.1)) pending_ += "I" + Name(index) + "\n";
    const size_t body = Chance(0.5) ? 1 + Pick(60) : 0;
    pending_ += "A" + Name(index) + (body > 0 ? "+" + std::to_string(body) : "") + "\n";
    pending_ += Body('A', body);
  }

  // Splits what was written into calls. The kernel model decides what becomes a record.
  // The last `keep` bytes go with the next turn.
  void Flush(Direction direction, size_t keep = 0) {
    std::string bytes = std::exchange(pending_, {});
    if (direction == Direction::kTransmit) {
      bytes.insert(0, std::exchange(carry_, {}));
      carry_ = bytes.substr(bytes.size() - std::min({keep, last_request_, bytes.size()}));
      bytes.resize(bytes.size() - carry_.size());
    }
    const size_t largest = 1 + Pick(Chance(0.1) ? 3 : 80);
    for (size_t done = 0; done < bytes.size();) {
      const size_t size = std::min(bytes.size() - done, 1 + Pick(largest));
      Call(direction, bytes.substr(done, size));
      done += size;
    }
  }

  void Call(Direction direction, const std::string& bytes) {
    const size_t d = static_cast<size_t>(direction);
    texts_.push_back(bytes);
    model::DataEvent event = wire_.Make(direction, bytes, std::string_view::npos, id_);
    if (event.turn != turn_) left_ = plan_.budget;
    turn_ = event.turn;
    const bool starts = (event.flags & SPANWIRE_DATA_TURN_START) != 0;
    if (left_ == 0 && !starts) {
      Count(counted_[d], event);
      return;
    }
    const size_t captured = std::min(left_, bytes.size());
    left_ -= captured;
    event.bytes = std::string_view(bytes).substr(0, captured);
    event.prior = std::exchange(counted_[1 - d], {});
    if (seeing_) queue_.push_back({event, texts_.back()});
  }

  static void Count(model::CountedBytes& counted, const model::DataEvent& event) {
    if (counted.length == 0) counted.offset = event.offset;
    counted.length += event.length;
    counted.turn = event.turn;
    counted.end_ns = event.time_ns;
  }

  // Hands the records over, less what is lost. Nothing is lost of a pipelined connection before it
  // shows that it pipelines: without that, no one could know.
  void Deliver() {
    for (size_t i = 0; i + 1 < queue_.size(); ++i) {
      const bool same = queue_[i].event.direction == queue_[i + 1].event.direction;
      if (same && Chance(plan_.swap)) std::swap(queue_[i], queue_[i + 1]);
    }
    for (Queued& queued : queue_) {
      const bool may_lose = !plan_.pipelined || Pipelines();
      if (may_lose && Chance(plan_.loss)) continue;
      queued.event.bytes = std::string_view(queued.text).substr(0, queued.event.bytes.size());
      wire_.tracker.OnData(queued.event);
      if (Chance(0.02)) wire_.tracker.OnTick({queued.event.time_ns + 1'000, 0});
    }
    // What was counted last is reported before the close.
    for (const Direction direction : {Direction::kTransmit, Direction::kReceive}) {
      const model::CountedBytes& counted = counted_[static_cast<size_t>(direction)];
      if (counted.length == 0) continue;
      model::DataEvent sweep = wire_.Make(direction, "", 0, id_);
      sweep.flags = SPANWIRE_DATA_SWEEP;
      sweep.offset = counted.offset;
      sweep.length = counted.length;
      sweep.turn = counted.turn;
      wire_.tracker.OnData(sweep);
    }
  }

  bool Pipelines() const {
    return std::any_of(
        wire_.policies.sent.begin(), wire_.policies.sent.end(),
        [this](const auto& s) { return s.first == id_ && s.second.rx_bytes >= 1u << 20; });
  }

  struct Queued {
    model::DataEvent event;
    std::string text;
  };

  std::mt19937_64& random_;
  Wire& wire_;
  Plan plan_;
  model::ConnectionId id_;
  std::string pending_;
  std::string carry_;        // the end of the last request, sent with the next turn
  size_t last_request_ = 0;  // its size
  std::vector<std::string> texts_;
  std::vector<Queued> queue_;
  model::CountedBytes counted_[2];
  size_t left_ = 0;
  uint32_t turn_ = 0;
  bool seeing_ = false;
  bool held_back_ = false;  // requests may be cut in two by the answers to earlier ones
};

struct Tally {
  size_t exchanges = 0;
  size_t answered = 0;
  size_t wrong = 0;
  size_t doubled = 0;
  std::string first_wrong;
};

// Checks what came out of one case and empties the log.
void Judge(Wire& wire, Tally& tally) {
  std::set<std::string> names;
  for (const Seen& seen : wire.log.seen) {
    if (!names.insert(seen.request).second) ++tally.doubled;
    if (seen.response.empty()) continue;
    if (seen.ending == model::Ending::kAnswered) ++tally.answered;
    if (seen.request == seen.response) continue;
    if (tally.wrong++ == 0) tally.first_wrong = wire.Pairs();
  }
  wire.log.seen.clear();
  wire.policies.sent.clear();
}

Tally RunCases(const Plan& plan, size_t cases, uint64_t seed) {
  std::mt19937_64 random(seed);
  Wire wire;
  Tally tally;
  for (size_t i = 1; i <= cases; ++i) {
    Plan varied = plan;
    if (plan.budget < 1 << 20) varied.budget = 16 + random() % plan.budget;
    tally.exchanges += Traffic(random, wire, varied, i).Play();
    Judge(wire, tally);
    const std::string unbalanced = wire.Unbalanced();
    EXPECT_EQ(unbalanced, "") << "case " << i;
    if (!unbalanced.empty() || tally.wrong > 0) break;
  }
  wire.tracker.Finish(wire.now);
  EXPECT_EQ(wire.Unbalanced(), "");
  for (const auto& stage : wire.ledger.stages()) EXPECT_EQ(stage->held.Get(), 0u) << stage->name();
  EXPECT_EQ(tally.wrong, 0u) << tally.first_wrong;
  EXPECT_EQ(tally.doubled, 0u);
  return tally;
}

constexpr size_t kCases = 12'500;

TEST(TrackerProperty, EverySplitPairsEverything) {
  const Tally tally = RunCases({}, kCases, 1);
  EXPECT_EQ(tally.answered, tally.exchanges);
}

TEST(TrackerProperty, EverySplitOfPipelinedTrafficPairsEverything) {
  Plan plan;
  plan.pipelined = true;
  const Tally tally = RunCases(plan, kCases, 2);
  EXPECT_EQ(tally.answered, tally.exchanges);
}

TEST(TrackerProperty, OvertakingRecordsPairEverything) {
  Plan plan;
  plan.swap = 0.2;
  const Tally tally = RunCases(plan, kCases, 3);
  EXPECT_EQ(tally.answered, tally.exchanges);
}

TEST(TrackerProperty, JoinedConnectionsPairNothingWrong) {
  Plan plan;
  plan.joined = true;
  const Tally tally = RunCases(plan, kCases, 4);
  EXPECT_GT(tally.answered, tally.exchanges * 8 / 10);
}

TEST(TrackerProperty, LostRecordsPairNothingWrong) {
  Plan plan;
  plan.loss = 0.05;
  const Tally tally = RunCases(plan, 2 * kCases, 5);
  EXPECT_GT(tally.answered, tally.exchanges / 2);
}

TEST(TrackerProperty, LossAndOvertakingPairNothingWrong) {
  Plan plan;
  plan.loss = 0.1;
  plan.swap = 0.1;
  plan.joined = true;
  const Tally tally = RunCases(plan, kCases, 6);
  EXPECT_GT(tally.answered, tally.exchanges / 4);
}

TEST(TrackerProperty, LossOfPipelinedTrafficPairsNothingWrong) {
  Plan plan;
  plan.pipelined = true;
  plan.loss = 0.05;
  const Tally tally = RunCases(plan, kCases, 7);
  EXPECT_GT(tally.answered, tally.exchanges / 10);
}

TEST(TrackerProperty, CountedBytesPairNothingWrong) {
  Plan plan;
  plan.budget = 64;
  const Tally tally = RunCases(plan, kCases, 8);
  EXPECT_GT(tally.answered, tally.exchanges / 2);
}

TEST(TrackerProperty, EverythingAtOncePairsNothingWrong) {
  Plan plan;
  plan.budget = 64;
  plan.loss = 0.03;
  plan.swap = 0.03;
  plan.closes = false;
  const Tally tally = RunCases(plan, kCases, 9);
  EXPECT_GT(tally.answered, tally.exchanges / 4);
}

}  // namespace
}  // namespace spanwire::connection
