// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <initializer_list>
#include <string>

#include "agent/base/result.h"

namespace spanwire::sandbox {

// A set of capabilities, a bit each (linux/capability.h).
using CapabilitySet = uint64_t;

constexpr CapabilitySet SetOf(std::initializer_list<int> capabilities) {
  CapabilitySet set = 0;
  for (const int capability : capabilities) set |= uint64_t{1} << capability;
  return set;
}

// The capabilities that this thread can use.
CapabilitySet EffectiveCapabilities();

// Gives up all but `kept`, of those too which a program that we start would get. What of `kept` is
// not there stays away.
Result<> KeepOnly(CapabilitySet kept);

// "CAP_BPF, CAP_KILL", "none".
std::string NamesOf(CapabilitySet set);

// What the kernel says about a process in /proc/PID/status.
struct Standing {
  CapabilitySet any = 0;  // in any of its sets but the bounding one
  bool root = false;      // one of its user ids is 0
  bool no_new_privileges = false;
  bool filtered = false;  // by seccomp
};

// `pid` 0 is the caller.
Result<Standing> StandingOf(pid_t pid);

}  // namespace spanwire::sandbox
