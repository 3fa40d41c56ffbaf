// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>

#include "agent/model/span.h"
#include "agent/trace/key_table.h"
#include "agent/trace/span_tree.h"

namespace spanwire::trace {

// The ids of requests that have left and that a call's span may still link to. Bounded: the oldest
// go first.
class RecentNodes {
 public:
  void Add(Handle handle, const Node& node) {
    if (order_.size() >= kLimit) {
      table_.Erase(order_.front());
      order_.pop_front();
    }
    order_.push_back(KeyOf(handle));
    table_.Put(KeyOf(handle)) = {node.trace_id, node.span_id};
  }

  // Null when it is not known.
  const model::SpanLink* Find(Handle handle) {
    return handle ? table_.Find(KeyOf(handle)) : nullptr;
  }

 private:
  static constexpr size_t kLimit = 4096;
  static uint64_t KeyOf(Handle handle) { return uint64_t{handle.serial} << 32 | handle.index; }

  KeyTable<model::SpanLink> table_;
  std::deque<uint64_t> order_;
};

}  // namespace spanwire::trace
