// SPDX-License-Identifier: Apache-2.0
#include "agent/sandbox/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string_view>

namespace spanwire::sandbox {
namespace {

using UserSets = std::array<__user_cap_data_struct, 2>;
constexpr int kLastCapability = CAP_CHECKPOINT_RESTORE;

constexpr std::array<std::string_view, kLastCapability + 1> kNames{"CHOWN",
                                                                   "DAC_OVERRIDE",
                                                                   "DAC_READ_SEARCH",
                                                                   "FOWNER",
                                                                   "FSETID",
                                                                   "KILL",
                                                                   "SETGID",
                                                                   "SETUID",
                                                                   "SETPCAP",
                                                                   "LINUX_IMMUTABLE",
                                                                   "NET_BIND_SERVICE",
                                                                   "NET_BROADCAST",
                                                                   "NET_ADMIN",
                                                                   "NET_RAW",
                                                                   "IPC_LOCK",
                                                                   "IPC_OWNER",
                                                                   "SYS_MODULE",
                                                                   "SYS_RAWIO",
                                                                   "SYS_CHROOT",
                                                                   "SYS_PTRACE",
                                                                   "SYS_PACCT",
                                                                   "SYS_ADMIN",
                                                                   "SYS_BOOT",
                                                                   "SYS_NICE",
                                                                   "SYS_RESOURCE",
                                                                   "SYS_TIME",
                                                                   "SYS_TTY_CONFIG",
                                                                   "MKNOD",
                                                                   "LEASE",
                                                                   "AUDIT_WRITE",
                                                                   "AUDIT_CONTROL",
                                                                   "SETFCAP",
                                                                   "MAC_OVERRIDE",
                                                                   "MAC_ADMIN",
                                                                   "SYSLOG",
                                                                   "WAKE_ALARM",
                                                                   "BLOCK_SUSPEND",
                                                                   "AUDIT_READ",
                                                                   "PERFMON",
                                                                   "BPF",
                                                                   "CHECKPOINT_RESTORE"};

UserSets OwnSets() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  UserSets sets{};
  syscall(SYS_capget, &header, sets.data());
  return sets;
}

uint64_t Hex(std::string_view digits) {
  uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

void NoteLine(std::string_view key, const std::string& rest, Standing& standing) {
  if (key == "CapInh:" || key == "CapPrm:" || key == "CapEff:" || key == "CapAmb:") {
    standing.any |= Hex(rest);
  } else if (key == "Uid:") {
    std::istringstream ids(rest);
    for (int id = 0; ids >> id;) standing.root = standing.root || id == 0;
  } else if (key == "NoNewPrivs:") {
    standing.no_new_privileges = rest == "1";
  } else if (key == "Seccomp:") {
    standing.filtered = rest == "2";
  }
}

}  // namespace

CapabilitySet EffectiveCapabilities() {
  const UserSets sets = OwnSets();
  return sets[0].effective | uint64_t{sets[1].effective} << 32;
}

Result<> KeepOnly(CapabilitySet kept) {
  // Needs CAP_SETPCAP, which root has; without it no_new_privs has to do.
  for (int capability = 0; capability <= kLastCapability; ++capability) {
    if ((kept >> capability & 1) == 0) prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  UserSets sets = OwnSets();
  for (size_t i = 0; i < sets.size(); ++i) {
    sets[i].permitted &= static_cast<uint32_t>(kept >> (32 * i));
    sets[i].effective = sets[i].permitted;
    sets[i].inheritable &= sets[i].permitted;
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  if (syscall(SYS_capset, &header, sets.data()) != 0) {
    return ErrnoError("cannot give up capabilities", errno);
  }
  return {};
}

std::string NamesOf(CapabilitySet set) {
  std::string names;
  for (size_t i = 0; i < kNames.size(); ++i) {
    if ((set >> i & 1) == 0) continue;
    names.append(names.empty() ? "CAP_" : ", CAP_").append(kNames[i]);
  }
  return names.empty() ? "none" : names;
}

Result<Standing> StandingOf(pid_t pid) {
  const std::string who = pid == 0 ? "self" : std::to_string(pid);
  std::ifstream status("/proc/" + who + "/status");
  if (!status) return Error{"cannot read /proc/" + who + "/status", 0};
  Standing standing;
  for (std::string line; std::getline(status, line);) {
    const size_t tab = line.find('\t');
    if (tab == std::string::npos) continue;
    NoteLine(std::string_view(line).substr(0, tab), line.substr(tab + 1), standing);
  }
  return standing;
}

}  // namespace spanwire::sandbox
