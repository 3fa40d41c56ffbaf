// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>

#include "agent/model/process.h"

namespace spanwire::connection {

// Who runs in which pid, as far as the events told. The kernel tells once, so the table is bounded
// by a second chance: the oldest entry goes unless it was asked for since it was looked at last.
class ProcessTable {
 public:
  explicit ProcessTable(size_t limit) : limit_(limit) {}

  // A new program in a pid, or news about the present one.
  void Set(std::shared_ptr<const model::Process> process);

  // The process of `pid` now; null when nothing was told of it.
  std::shared_ptr<const model::Process> Find(uint32_t pid);

  size_t size() const { return entries_.size(); }

 private:
  struct Slot {
    std::shared_ptr<const model::Process> process;  // never null
    uint64_t generation = 0;
    bool used = true;
  };
  void Shrink();

  size_t limit_;
  uint64_t generation_ = 0;
  std::unordered_map<uint32_t, Slot> entries_;
  std::deque<std::pair<uint32_t, uint64_t>> order_;  // pid and generation, oldest first
};

}  // namespace spanwire::connection
