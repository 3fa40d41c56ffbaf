// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/link_report.h"

#include <algorithm>

#include "agent/base/hash.h"

namespace spanwire::trace {

void LinkReport::Count(const model::Process& process, std::string_view how) {
  const std::lock_guard lock(mutex_);
  auto& spans = EntryOf(process).spans;
  for (auto& [name, count] : spans) {
    if (name.data() != how.data() && name != how) continue;
    ++count;
    return;
  }
  spans.emplace_back(how, 1);
}

ProcessLinks& LinkReport::EntryOf(const model::Process& process) {
  const uint64_t key = MixBits(process.start_ns) ^ process.pid;
  if (const size_t* place = by_process_.Find(key)) return entries_[*place];
  if (entries_.size() < kMaxProcesses) {
    by_process_.Put(key) = entries_.size();
    entries_.push_back({.pid = process.pid, .service = process.service_name, .spans = {}});
  } else if (entries_.size() == kMaxProcesses) {
    entries_.push_back({.pid = 0, .service = "others", .spans = {}});
  }
  return by_process_.Find(key) != nullptr ? entries_[*by_process_.Find(key)] : entries_.back();
}

std::vector<ProcessLinks> LinkReport::processes() const {
  const std::lock_guard lock(mutex_);
  return {entries_.begin(), entries_.end()};
}

}  // namespace spanwire::trace
