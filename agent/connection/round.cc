// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/round.h"

namespace spanwire::connection {

Round::Round(size_t shards) {
  for (size_t i = 0; i < shards; ++i) work_.push_back(std::make_unique<ShardWork>());
}

void Round::Play(model::ExchangeSink& exchanges, RoundSink& between) {
  const auto play = [&between](const Mark& mark) {
    mark.is_flush ? between.OnFlush() : between.OnTick(mark.tick);
  };
  size_t mark = 0;
  while (ShardWork* const earliest = Earliest()) {
    const uint32_t place = earliest->exchanges.front().place;
    for (; mark < marks_.size() && marks_[mark].place < place; ++mark) play(marks_[mark]);
    earliest->exchanges.PlayFront(exchanges);
  }
  for (; mark < marks_.size(); ++mark) play(marks_[mark]);
}

// The shard that has told the earliest of what was not played yet; null when all was.
ShardWork* Round::Earliest() {
  ShardWork* earliest = nullptr;
  for (const auto& work : work_) {
    if (work->exchanges.empty()) continue;
    if (earliest == nullptr || work->exchanges.front() < earliest->exchanges.front()) {
      earliest = work.get();
    }
  }
  return earliest;
}

void Round::Clear() {
  for (const auto& work : work_) work->Clear();
  marks_.clear();
  places_ = 0;
  payload_bytes_ = 0;
}

void Round::FinishPart() {
  if (pending_.fetch_sub(1) == 1) pending_.notify_one();
}

void Round::WaitForParts() const {
  for (uint32_t left = pending_.load(std::memory_order_acquire); left != 0;
       left = pending_.load(std::memory_order_acquire)) {
    pending_.wait(left);
  }
}

}  // namespace spanwire::connection
