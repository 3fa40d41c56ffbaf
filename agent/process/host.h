// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "agent/process/proc_directory.h"

namespace spanwire::process {

// What one boot of one host is known by.
struct HostFacts {
  std::string host_id;        // machine-id(5): 32 hex digits; empty = none
  std::string boot_id;        // a UUID as the kernel writes it; empty = unknown
  uint64_t boot_wall_ns = 0;  // UNIX epoch, whole seconds as /proc/stat has them; 0 = unknown
};

// Reads ROOT/etc/machine-id (or where D-Bus keeps it), ROOT/proc/sys/kernel/random/boot_id and the
// btime of ROOT/proc/stat. What is missing stays empty.
HostFacts ReadHostFacts(const Directory& root);

// service.instance.id of a process that brings none: the UUID, version 5, in the namespace that the
// OpenTelemetry conventions give, of "<host id>/<boot id>/<pid>/<start in ns since boot>". The same
// process gets the same id from every agent that looks at it.
std::string MakeInstanceId(const HostFacts& host, uint32_t pid, uint64_t start_ns);

}  // namespace spanwire::process
