// SPDX-License-Identifier: Apache-2.0
#include "agent/app/capabilities.h"

#include <linux/capability.h>

#include <array>
#include <charconv>
#include <fstream>

namespace spanwire::app {
namespace {

constexpr std::array<Capability, 4> kWanted{{
    {CAP_BPF, "CAP_BPF", "load BPF programs", true},
    {CAP_PERFMON, "CAP_PERFMON", "attach them to the kernel's hooks", true},
    {CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "read /proc of other users' processes", false},
    {CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", "read files of other users", false},
}};
constexpr std::string_view kGrant = "cap_bpf,cap_perfmon,cap_sys_ptrace,cap_dac_read_search=ep";

}  // namespace

uint64_t EffectiveCapabilities() {
  constexpr std::string_view kKey = "CapEff:\t";
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (!line.starts_with(kKey)) continue;
    const std::string digits = line.substr(kKey.size());
    uint64_t effective = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), effective, 16);
    return effective;
  }
  return 0;
}

std::vector<Capability> MissingCapabilities(uint64_t effective) {
  std::vector<Capability> missing;
  for (const auto& capability : kWanted) {
    if ((effective >> capability.bit & 1) == 0) missing.push_back(capability);
  }
  return missing;
}

std::string PermissionAdvice(uint64_t effective, std::string_view program) {
  std::string names;
  for (const auto& capability : MissingCapabilities(effective)) {
    if (!capability.required) continue;
    if (!names.empty()) names += ", ";
    names += capability.name;
  }
  if (names.empty()) return {};
  std::string advice =
      "missing " + names + ": run it with sudo, or grant them once with `sudo setcap ";
  return advice.append(kGrant).append(" ").append(program).append("`");
}

}  // namespace spanwire::app
