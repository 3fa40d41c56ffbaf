// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "agent/base/hash.h"
#include "agent/base/time.h"
#include "agent/model/span.h"

namespace spanwire::trace {

// Server spans whose client's end has not shown up yet, in the order in which they came.
class WaitingSpans {
 public:
  void Add(const Hash128& key, std::unique_ptr<model::Span> span, Nanoseconds deadline_ns);

  // The span that waits for `key`; null when none does.
  std::unique_ptr<model::Span> Take(const Hash128& key);

  // The oldest span if its deadline is not after `now`; null when there is none.
  std::unique_ptr<model::Span> TakeDue(Nanoseconds now);
  std::unique_ptr<model::Span> TakeOldest();

  // Spans that wait, and places of those that were taken behind an older one.
  size_t size() const { return queue_.size(); }

 private:
  struct Entry {
    uint64_t key = 0;
    uint64_t check = 0;
    Nanoseconds deadline_ns = 0;
    std::unique_ptr<model::Span> span;  // null: taken
  };
  void DropTaken();

  std::deque<Entry> queue_;
  uint64_t first_ = 0;                             // serial number of queue_.front()
  std::unordered_map<uint64_t, uint64_t> by_key_;  // key -> serial number
};

}  // namespace spanwire::trace
