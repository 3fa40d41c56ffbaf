// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "agent/base/ledger.h"
#include "agent/base/result.h"
#include "agent/capture/kernel_tracer.h"

namespace spanwire::app {

// The ledger, and the kernel's counters by name when there are any:
// {"stages":[…],"kernel":{"hook_runs":N,…}} and a line feed.
std::string FormatStats(const Ledger& ledger, const capture::KernelCounters* kernel);

// Replaces `path` whole: a reader sees the old text or the new one.
Result<> WriteStatsFile(const std::string& path, const std::string& text);

}  // namespace spanwire::app
