// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/process_table.h"

#include <utility>

namespace spanwire::connection {

void ProcessTable::Set(const model::Process& process) {
  Insert(process.pid, {.process = std::make_shared<const model::Process>(process), .known = true});
}

const ProcessTable::Entry& ProcessTable::Find(uint32_t pid) {
  const auto found = entries_.find(pid);
  if (found != entries_.end()) return found->second.entry;
  auto unknown = std::make_shared<model::Process>();
  unknown->pid = pid;
  unknown->service_name = "unknown_service";
  return Insert(pid, {.process = std::move(unknown), .known = false});
}

ProcessTable::Entry& ProcessTable::Insert(uint32_t pid, Entry entry) {
  const uint64_t generation = ++generation_;
  order_.emplace_back(pid, generation);
  Slot& slot = entries_[pid];
  slot.entry = std::move(entry);
  slot.generation = generation;
  // Entries of order_ that a later one replaced are stale: they go without taking the process
  // along.
  while (order_.size() > limit_) {
    const auto [old_pid, old_generation] = order_.front();
    order_.pop_front();
    const auto old = entries_.find(old_pid);
    if (old != entries_.end() && old->second.generation == old_generation) entries_.erase(old);
  }
  return slot.entry;
}

}  // namespace spanwire::connection
