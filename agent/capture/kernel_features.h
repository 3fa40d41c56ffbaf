// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct btf;

namespace spanwire::capture {

// What this kernel lets us do, found out by doing it.
class KernelFeatures {
 public:
  static KernelFeatures Detect();

  bool permitted = false;  // BPF programs and maps can be made at all
  bool fentry = false;     // a program was loaded and attached to a kernel function
  // A task can be preempted inside kernel code, and so inside a hook on a kernel function. When
  // that cannot be found out, it is taken for so.
  bool preemptible = true;
  // And inside a tracepoint's hook: since Linux 7.0 they run with preemption on.
  bool preemptible_tracepoints = true;
  bool has_btf() const { return types_ != nullptr; }

  // Number of parameters of a kernel function, -1 when there is none of that name.
  int ParameterCount(std::string_view function) const;
  // The same of a tracepoint with BTF.
  int TracepointParameterCount(std::string_view name) const;
  bool HasTracepoint(std::string_view name) const { return TracepointParameterCount(name) >= 0; }

 private:
  std::shared_ptr<btf> types_;
};

}  // namespace spanwire::capture
