// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/base/result.h"

namespace spanwire::capture {

// Attaches a probe that does nothing to a function of this very program, and removes it.

// By a uprobe_multi link (Linux 6.6 and later): needs CAP_BPF and CAP_PERFMON only.
Result<> TryUprobeMulti();

// By a perf event: needs CAP_SYS_ADMIN on kernels with the fix of CVE-2025-38466.
Result<> TryPerfUprobe();

}  // namespace spanwire::capture
