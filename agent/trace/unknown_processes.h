// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>

#include "agent/model/process.h"

namespace spanwire::trace {

// Stands in for processes of which only the pid is known, one for each pid: spans of one process
// have one resource.
class UnknownProcesses {
 public:
  std::shared_ptr<const model::Process> Find(uint32_t pid) {
    if (entries_.size() >= kLimit && !entries_.contains(pid)) entries_.clear();
    auto& entry = entries_[pid];
    if (entry != nullptr) return entry;
    auto unknown = std::make_shared<model::Process>();
    unknown->pid = pid;
    unknown->service_name = "unknown_service";
    return entry = std::move(unknown);
  }

 private:
  static constexpr size_t kLimit = 4096;
  std::unordered_map<uint32_t, std::shared_ptr<const model::Process>> entries_;
};

}  // namespace spanwire::trace
