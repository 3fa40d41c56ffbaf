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
  bool has_btf() const { return types_ != nullptr; }

  // Number of parameters of a kernel function, -1 when there is none of that name.
  int ParameterCount(std::string_view function) const;
  // Whether the kernel has the tracepoint `name` with BTF.
  bool HasTracepoint(std::string_view name) const;

 private:
  std::shared_ptr<btf> types_;
};

}  // namespace spanwire::capture
