// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/ledger.h"
#include "agent/model/process.h"
#include "agent/trace/key_table.h"

namespace spanwire::trace {

// What became of the parents of one process's spans.
struct ProcessLinks {
  uint32_t pid = 0;  // 0: all processes beyond the bound
  std::string service;
  std::vector<std::pair<std::string_view, uint64_t>> spans;  // by method or reason
};

// Counts, for each process, how the parents of its spans were found and why the others have none.
// The counting belongs to one thread; the rest may be called from any.
class LinkReport {
 public:
  // One span. `how` has static storage: a method or a reason.
  void Count(const model::Process& process, std::string_view how);
  // A trace header and our own evidence named different traces; the header won.
  void CountDisagreement() { disagreements_.Add(); }

  std::vector<ProcessLinks> processes() const;
  uint64_t disagreements() const { return disagreements_.Get(); }

 private:
  static constexpr size_t kMaxProcesses = 512;
  ProcessLinks& EntryOf(const model::Process& process);

  Counter disagreements_;
  mutable std::mutex mutex_;
  std::deque<ProcessLinks> entries_;
  KeyTable<size_t> by_process_;  // places in entries_
};

}  // namespace spanwire::trace
