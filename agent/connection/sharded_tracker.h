// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "agent/base/spsc_queue.h"
#include "agent/connection/limits.h"
#include "agent/connection/neighbours.h"
#include "agent/connection/round.h"
#include "agent/connection/shard.h"
#include "agent/connection/tracker.h"
#include "agent/model/event.h"

namespace spanwire::connection {

struct ShardingOptions {
  size_t shards = 2;
  // Events wait in at most so many rounds, of so many events and bytes each; then the source waits.
  size_t rounds = 4;
  size_t round_events = 1024;
  size_t round_bytes = size_t{256} << 10;
  // A round of no more events is worked off by the caller, while nothing else is under way: threads
  // are not woken for it.
  size_t inline_events = 64;
};

// As ConnectionTracker, on several threads:
//
//   caller ──rounds──▶ a shard each on its own thread ──▶ the last thread: merges and plays back
//      ▲                                                              │
//      └────────────── rounds to fill anew, policies ─────────────────┘
//
// A connection stays in one shard. The exchanges come out on the last thread in exactly the order,
// and with exactly the contents, that one ConnectionTracker would give, as long as no limit is hit:
// each shard has its part of the limits. The queues are bounded and nothing in here is lost: a
// caller that is faster waits. What is called on the caller's thread is said at each function.
class ShardedTracker final : public model::EventSink {
 public:
  // `parts.exchanges` and `between` are called on the last thread, `parts.policies` on the
  // caller's.
  ShardedTracker(const TrackerParts& parts, const TrackerLimits& limits, RoundSink& between,
                 const ShardingOptions& options);
  ~ShardedTracker() override;

  void OnData(const model::DataEvent& event) override;
  void OnConnection(const model::ConnectionEvent& event) override;
  void OnProcess(const model::Process& process) override;
  void OnTick(const ClockAnchor& now) override;

  // Sends what was gathered on its way, then RoundSink::OnFlush(). Brings the stages up to date
  // when nothing is under way.
  void Flush();

  // Waits until everything given before has come out, and brings the stages up to date. The sinks
  // may then be used by the caller until it gives more.
  void Settle();

  // As ConnectionTracker::Finish(). The last exchanges come out on the caller's thread.
  void Finish(Nanoseconds now);

  // As in ConnectionTracker; as of the last round that came back.
  bool NeedsSweep() const;
  bool Waits() const;

  // Require Settle().
  size_t connections() const;
  size_t held_bytes() const;

  // How often the caller had to wait because all rounds were under way.
  uint64_t waits_for_rounds() const { return waits_for_rounds_; }

 private:
  struct Lane {
    Lane(const TrackerParts& parts, const TrackerLimits& limits, uint32_t rounds)
        : shard(parts, limits), queue(rounds) {}
    Shard shard;
    SpscQueue<Round*> queue;  // null: the end
    bool needs_sweep = false;
    bool waits = false;
  };

  EventBatch& EventsOf(model::ConnectionId id);
  void CloseIfFull();
  void Close();
  void RunHere();
  void SendOff();
  void TakeBack(Round& round);
  void UpdateStages();
  static void RunShard(Lane& lane, size_t index);
  void PlayRounds();

  TrackerParts parts_;
  RoundSink& between_;
  ShardingOptions options_;
  Neighbours neighbours_;
  std::vector<std::unique_ptr<Round>> rounds_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  Round* round_ = nullptr;  // being filled
  std::vector<Round*> free_;
  size_t under_way_ = 0;
  uint64_t waits_for_rounds_ = 0;
  SpscQueue<Round*> to_play_;
  SpscQueue<Round*> played_;
  std::vector<std::jthread> threads_;  // last: they end before what they use
};

}  // namespace spanwire::connection
