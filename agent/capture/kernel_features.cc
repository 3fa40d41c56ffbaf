// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/kernel_features.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <sys/utsname.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "agent/base/unique_fd.h"

namespace spanwire::capture {
namespace {

// r0 = 0; exit
constexpr std::array<bpf_insn, 2> kReturnZero{
    bpf_insn{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
    bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};

bool TryFentry(const btf* types) {
  const int id = btf__find_by_name_kind(types, "inet_csk_accept", BTF_KIND_FUNC);
  if (id < 0) return false;
  bpf_prog_load_opts options{};
  options.sz = sizeof(options);
  options.expected_attach_type = BPF_TRACE_FENTRY;
  options.attach_btf_id = static_cast<uint32_t>(id);
  const UniqueFd program(bpf_prog_load(BPF_PROG_TYPE_TRACING, "spanwire_try", "GPL",
                                       kReturnZero.data(), kReturnZero.size(), &options));
  if (!program) return false;
  const UniqueFd link(bpf_raw_tracepoint_open(nullptr, program.get()));
  return static_cast<bool>(link);
}

std::string Text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// What a kernel with PREEMPT_DYNAMIC was told to do, by whoever can tell.
std::optional<bool> DynamicPreemption(const utsname& kernel) {
  const std::string mode = Text("/sys/kernel/debug/sched/preempt");  // "none (voluntary) full"
  if (!mode.empty()) return Contains(mode, "(full)") || Contains(mode, "(lazy)");
  const std::string arguments = Text("/proc/cmdline");
  if (Contains(arguments, "preempt=")) {
    return Contains(arguments, "preempt=full") || Contains(arguments, "preempt=lazy");
  }
  const std::string config = Text(std::string("/boot/config-") + kernel.release);
  if (config.empty()) return std::nullopt;
  return Contains(config, "CONFIG_PREEMPT=y") || Contains(config, "CONFIG_PREEMPT_LAZY=y");
}

bool Preemptible(const utsname& kernel) {
  const std::string_view build(kernel.version);  // "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (...)"
  if (!Contains(build, "PREEMPT")) return false;
  if (!Contains(build, "PREEMPT_DYNAMIC")) return true;
  return DynamicPreemption(kernel).value_or(true);
}

}  // namespace

KernelFeatures KernelFeatures::Detect() {
  KernelFeatures features;
  if (auto* types = btf__load_vmlinux_btf()) features.types_.reset(types, btf__free);
  const UniqueFd map(bpf_map_create(BPF_MAP_TYPE_HASH, "spanwire_try", 4, 4, 1, nullptr));
  features.permitted = static_cast<bool>(map);
  utsname kernel{};
  if (uname(&kernel) == 0) {
    features.preemptible = Preemptible(kernel);
    features.preemptible_tracepoints = features.preemptible && std::atoi(kernel.release) >= 7;
  }
  features.fentry = features.types_ && TryFentry(features.types_.get());
  return features;
}

int KernelFeatures::ParameterCount(std::string_view function) const {
  if (!types_) return -1;
  const int id = btf__find_by_name_kind(types_.get(), std::string(function).c_str(), BTF_KIND_FUNC);
  if (id < 0) return -1;
  const btf_type* type = btf__type_by_id(types_.get(), static_cast<uint32_t>(id));
  const btf_type* prototype = btf__type_by_id(types_.get(), type->type);
  return prototype ? static_cast<int>(btf_vlen(prototype)) : -1;
}

int KernelFeatures::TracepointParameterCount(std::string_view name) const {
  if (!types_) return -1;
  const std::string type_name = "btf_trace_" + std::string(name);
  const int id = btf__find_by_name_kind(types_.get(), type_name.c_str(), BTF_KIND_TYPEDEF);
  if (id < 0) return -1;
  const btf_type* type = btf__type_by_id(types_.get(), static_cast<uint32_t>(id));
  const btf_type* pointer = btf__type_by_id(types_.get(), type->type);
  const btf_type* prototype = pointer ? btf__type_by_id(types_.get(), pointer->type) : nullptr;
  return prototype ? static_cast<int>(btf_vlen(prototype)) - 1 : -1;  // less __data
}

}  // namespace spanwire::capture
