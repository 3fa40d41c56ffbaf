// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/uprobe_check.h"

#include <bpf/bpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "agent/base/unique_fd.h"

namespace spanwire::capture {
namespace {

constexpr const char* kOwnProgram = "/proc/self/exe";
constexpr uint32_t kTraceUprobeMulti = 48;  // BPF_TRACE_UPROBE_MULTI, newer than this libbpf
constexpr uint32_t kLinkCreate = 28;        // BPF_LINK_CREATE

// r0 = 0; exit
constexpr std::array<bpf_insn, 2> kReturnZero{
    bpf_insn{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
    bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};

// The function that is probed; never called.
[[gnu::noinline, gnu::used]] void Target() { asm volatile("nop"); }

// Where Target() lies in the program's file; 0 when that cannot be told.
uint64_t TargetOffset() {
  const auto address = reinterpret_cast<uint64_t>(&Target);  // NOLINT: an address is wanted
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line)) {
    uint64_t start = 0;
    uint64_t end = 0;
    uint64_t offset = 0;
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64, &start, &end, &offset) !=
        3) {
      continue;
    }
    if (address >= start && address < end) return address - start + offset;
  }
  return 0;
}

UniqueFd LoadNothing(uint32_t attach_type) {
  bpf_prog_load_opts options{};
  options.sz = sizeof(options);
  options.expected_attach_type = static_cast<bpf_attach_type>(attach_type);
  return UniqueFd(bpf_prog_load(BPF_PROG_TYPE_KPROBE, "spanwire_try", "GPL", kReturnZero.data(),
                                kReturnZero.size(), &options));
}

// The part of union bpf_attr that creates a uprobe_multi link (Linux 6.6,
// include/uapi/linux/bpf.h).
struct UprobeMultiAttributes {
  uint32_t program_fd = 0;
  uint32_t target_fd = 0;
  uint32_t attach_type = kTraceUprobeMulti;
  uint32_t flags = 0;
  uint64_t path = 0;
  uint64_t offsets = 0;
  uint64_t reference_counters = 0;
  uint64_t cookies = 0;
  uint32_t count = 1;
  uint32_t multi_flags = 0;
  uint32_t pid = 0;
  uint32_t padding = 0;
};

}  // namespace

Result<> TryUprobeMulti() {
  const UniqueFd program = LoadNothing(kTraceUprobeMulti);
  if (!program) return ErrnoError("load", errno);
  const uint64_t offset = TargetOffset();
  UprobeMultiAttributes attributes;
  attributes.program_fd = static_cast<uint32_t>(program.get());
  attributes.path = reinterpret_cast<uint64_t>(kOwnProgram);  // NOLINT: as bpf(2) wants it
  attributes.offsets = reinterpret_cast<uint64_t>(&offset);   // NOLINT
  const UniqueFd link(
      static_cast<int>(syscall(SYS_bpf, kLinkCreate, &attributes, sizeof(attributes))));
  if (!link) return ErrnoError("attach", errno);
  return {};
}

Result<> TryPerfUprobe() {
  std::ifstream file("/sys/bus/event_source/devices/uprobe/type");
  uint32_t type = 0;
  if (!(file >> type)) return Error{"the kernel has no uprobe events", ENOENT};
  perf_event_attr attributes{};
  attributes.size = sizeof(attributes);
  attributes.type = type;
  attributes.uprobe_path = reinterpret_cast<uint64_t>(kOwnProgram);  // NOLINT: as the call wants it
  attributes.probe_offset = TargetOffset();
  const UniqueFd event(
      static_cast<int>(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!event) return ErrnoError("perf_event_open", errno);
  const UniqueFd program = LoadNothing(0);
  if (!program) return ErrnoError("load", errno);
  if (ioctl(event.get(), PERF_EVENT_IOC_SET_BPF, program.get()) != 0) {
    return ErrnoError("attach", errno);
  }
  return {};
}

}  // namespace spanwire::capture
