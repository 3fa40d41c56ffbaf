// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/kernel_features.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include <array>
#include <cerrno>

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

}  // namespace

KernelFeatures KernelFeatures::Detect() {
  KernelFeatures features;
  if (auto* types = btf__load_vmlinux_btf()) features.types_.reset(types, btf__free);
  const UniqueFd map(bpf_map_create(BPF_MAP_TYPE_HASH, "spanwire_try", 4, 4, 1, nullptr));
  features.permitted = static_cast<bool>(map);
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

bool KernelFeatures::HasTracepoint(std::string_view name) const {
  const std::string type = "btf_trace_" + std::string(name);
  return types_ && btf__find_by_name_kind(types_.get(), type.c_str(), BTF_KIND_TYPEDEF) >= 0;
}

}  // namespace spanwire::capture
