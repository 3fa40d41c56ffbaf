// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/base/result.h"

namespace spanwire::sandbox {

struct FilterOptions {
  bool network = true;  // sockets of IPv4 and IPv6
};

// From now on this process makes only the system calls that reading the ring, parsing, writing to
// open files and talking to a collector take. Others fail with EPERM; those that only an attacker
// would make (execve, ptrace, bpf, raw sockets, …) end the process. Requires no_new_privs and one
// thread.
Result<> RestrictSystemCalls(const FilterOptions& options);

}  // namespace spanwire::sandbox
