// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace spanwire::sandbox {

// One attempt to get out of the sandbox.
struct Probe {
  std::string_view name;  // "execve"
  std::string_view what;  // "start a program"
  // Returns 0 when it got out, else errno; or does not return, because the filter ended the
  // process.
  int (*attempt)();
  bool needs_file_rules = false;  // a kernel without Landlock may let it pass
};

// All of them. Harmless where they succeed: what they make is removed again.
std::span<const Probe> Probes();

}  // namespace spanwire::sandbox
