// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "agent/base/ledger.h"
#include "agent/base/result.h"
#include "agent/capture/kernel_tracer.h"
#include "agent/door/request.h"
#include "agent/trace/link_report.h"

namespace spanwire::app {

// How parents were found, by process.
struct LinkNumbers {
  std::vector<door::LinkCounts> processes;
  uint64_t disagreements = 0;
};
LinkNumbers NumbersOf(const trace::LinkReport& report);

// The ledger, how parents were found, and the kernel's counters by name when there are any:
// {"stages":[…],"links":{"header_disagreements":N,"processes":[{"pid":N,"service":"…","spans":
// {"root":N,"thread":N,…}},…]},"kernel":{"hook_runs":N,…}} and a line feed.
std::string FormatStats(const Ledger& ledger, const LinkNumbers& links,
                        const capture::KernelCounters* kernel);

// Replaces `path` whole: a reader sees the old text or the new one.
Result<> WriteStatsFile(const std::string& path, const std::string& text);

}  // namespace spanwire::app
