// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/process_table.h"

#include <utility>

namespace spanwire::connection {

void ProcessTable::Set(std::shared_ptr<const model::Process> process) {
  Shrink();
  const uint64_t generation = ++generation_;
  order_.emplace_back(process->pid, generation);
  Slot& slot = entries_[process->pid];
  slot.process = std::move(process);
  slot.generation = generation;
  slot.used = false;
}

std::shared_ptr<const model::Process> ProcessTable::Find(uint32_t pid) {
  const auto found = entries_.find(pid);
  if (found == entries_.end()) return nullptr;
  found->second.used = true;
  return found->second.process;
}

void ProcessTable::Shrink() {
  // Each turn takes an entry away or a second chance, of which there are no more than entries.
  while (order_.size() >= limit_) {
    const auto [pid, generation] = order_.front();
    order_.pop_front();
    const auto oldest = entries_.find(pid);
    // Another program took the pid over since: that one stands further behind.
    if (oldest == entries_.end() || oldest->second.generation != generation) continue;
    if (oldest->second.used) {
      oldest->second.used = false;
      order_.emplace_back(pid, generation);
    } else {
      entries_.erase(oldest);
    }
  }
}

}  // namespace spanwire::connection
