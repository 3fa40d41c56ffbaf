// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/waiting_spans.h"

#include <limits>
#include <utility>

namespace spanwire::trace {

void WaitingSpans::Add(const Hash128& key, std::unique_ptr<model::Span> span,
                       Nanoseconds deadline_ns) {
  // The same key twice cannot be told apart: the later one waits in vain, under no key.
  const bool first = by_key_.try_emplace(key.low, first_ + queue_.size()).second;
  Entry entry;
  entry.key = key.low;
  entry.check = first ? key.high : ~key.high;
  entry.deadline_ns = deadline_ns;
  entry.span = std::move(span);
  queue_.push_back(std::move(entry));
}

std::unique_ptr<model::Span> WaitingSpans::Take(const Hash128& key) {
  const auto found = by_key_.find(key.low);
  if (found == by_key_.end()) return nullptr;
  Entry& entry = queue_[found->second - first_];
  if (entry.check != key.high) return nullptr;
  by_key_.erase(found);
  std::unique_ptr<model::Span> span = std::move(entry.span);
  DropTaken();
  return span;
}

std::unique_ptr<model::Span> WaitingSpans::TakeDue(Nanoseconds now) {
  if (queue_.empty() || queue_.front().deadline_ns > now) return nullptr;
  return TakeOldest();
}

std::unique_ptr<model::Span> WaitingSpans::TakeOldest() {
  if (queue_.empty()) return nullptr;
  Entry& entry = queue_.front();
  const auto found = by_key_.find(entry.key);
  if (found != by_key_.end() && found->second == first_) by_key_.erase(found);
  std::unique_ptr<model::Span> span = std::move(entry.span);
  DropTaken();
  return span;
}

void WaitingSpans::DropTaken() {
  while (!queue_.empty() && queue_.front().span == nullptr) {
    queue_.pop_front();
    ++first_;
  }
}

}  // namespace spanwire::trace
