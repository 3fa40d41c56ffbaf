// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "agent/connection/shard.h"
#include "agent/model/message.h"

namespace spanwire::connection {

// Takes what is told between the exchanges.
class RoundSink {
 public:
  virtual ~RoundSink() = default;
  // Time passes: comes after what the tick ended.
  virtual void OnTick(const ClockAnchor& now) = 0;
  // Nothing more comes for a while: what was gathered should be passed on.
  virtual void OnFlush() = 0;
};

// A stretch of events on their way: shared out among the shards, worked off by them, and played
// back as if there were only one. One thread at a time has it, and during the work each shard its
// part.
class Round {
 public:
  explicit Round(size_t shards);

  ShardWork& work(size_t shard) { return *work_[shard]; }
  size_t shards() const { return work_.size(); }

  // The next event's place in the round.
  uint32_t NextPlace() { return places_++; }
  void AddTick(uint32_t place, const ClockAnchor& now) { marks_.push_back({place, false, now}); }
  void AddFlush() { marks_.push_back({NextPlace(), true, {}}); }

  bool empty() const { return places_ == 0; }
  size_t events() const { return places_; }
  size_t payload_bytes() const { return payload_bytes_; }
  void CountPayload(size_t size_bytes) { payload_bytes_ += size_bytes; }

  // Tells everything in the order of events.
  void Play(model::ExchangeSink& exchanges, RoundSink& between);
  void Clear();

  // The work is shared out: `parts` shards have to call FinishPart().
  void Begin(uint32_t parts) { pending_.store(parts, std::memory_order_release); }
  void FinishPart();
  // Waits for them.
  void WaitForParts() const;

 private:
  struct Mark {
    uint32_t place = 0;
    bool is_flush = false;
    ClockAnchor tick;
  };
  ShardWork* Earliest();

  std::vector<std::unique_ptr<ShardWork>> work_;
  std::vector<Mark> marks_;
  uint32_t places_ = 0;
  size_t payload_bytes_ = 0;
  std::atomic<uint32_t> pending_{0};
};

}  // namespace spanwire::connection
