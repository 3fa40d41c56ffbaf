// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spanwire::app {

// A capability (capabilities(7)) that tracing wants.
struct Capability {
  unsigned bit = 0;
  std::string_view name;     // "CAP_BPF"
  std::string_view purpose;  // "load BPF programs"
  bool required = false;     // false: without it only names of services get poorer
};

// The effective set of this process, bit N being capability N.
uint64_t EffectiveCapabilities();

// Those that tracing wants and `effective` lacks.
std::vector<Capability> MissingCapabilities(uint64_t effective);

// What to tell who was refused: which required capabilities are missing and how to get them.
// `program` is the path to grant them to. Empty when `effective` holds them all: then it was
// something else.
std::string PermissionAdvice(uint64_t effective, std::string_view program);

}  // namespace spanwire::app
