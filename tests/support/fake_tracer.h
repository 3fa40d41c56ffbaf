// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "agent/capture/kernel_tracer.h"

namespace spanwire::test {

// A kernel that does nothing and remembers what it was told.
class FakeTracer final : public capture::KernelTracer {
 public:
  capture::Tier tier() const override { return capture::Tier::kSocketTracepoints; }
  int ring_fd() const override { return -1; }
  size_t ring_bytes() const override { return 4096; }
  int control_fd() const override { return -1; }
  spanwire_control& control() override { return control_page; }
  capture::KernelCounters counters() const override { return kernel; }
  uint64_t skipped_runs() const override { return 0; }
  std::vector<uint32_t> processes() const override {
    std::vector<uint32_t> pids;
    for (const auto& [pid, start] : starts) pids.push_back(pid);
    return pids;
  }
  std::optional<uint64_t> StartOf(uint32_t pid) const override {
    const auto found = starts.find(pid);
    if (found == starts.end()) return std::nullopt;
    return found->second;
  }
  void Sweep() override { ++sweeps; }
  void SetPolicy(model::ConnectionId connection, const spanwire_policy& policy) override {
    policies.emplace_back(connection, policy);
  }
  void Detach() override { detached = true; }

  capture::KernelCounters kernel{};
  spanwire_control control_page{};
  std::map<uint32_t, uint64_t> starts;  // of processes that the kernel described
  std::vector<std::pair<model::ConnectionId, spanwire_policy>> policies;
  int sweeps = 0;
  bool detached = false;
};

}  // namespace spanwire::test
