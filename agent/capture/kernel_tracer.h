// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/model/connection.h"
#include "spanwire/abi.h"

namespace spanwire::capture {

// How socket data is seen (bpf/README.md).
enum class Tier : uint8_t {
  kAuto = 0,
  kSocketTracepoints = 1,
  kFunctionExits = 2,
  kSystemCalls = 3
};

// What to trace. Filters are applied in the kernel; empty = everything.
struct KernelOptions {
  Tier tier = Tier::kAuto;
  size_t ring_bytes = 4u << 20;         // a power of two, at least a page
  uint32_t capture_bytes = 256u << 10;  // of each of a connection's first turns
  bool datagrams = false;               // records for UDP
  std::vector<uint16_t> ports;          // local or remote; at most SPANWIRE_MAX_FILTERS
  std::vector<uint32_t> pids;
  std::vector<std::string> comms;
};

// The kernel's own counters, summed over the CPUs, by enum spanwire_counter.
using KernelCounters = std::array<uint64_t, SPANWIRE_COUNT_MAX>;

// The BPF programs at work: loaded, attached, and their maps. Everything is detached and freed by
// the destructor, or by the kernel when the process dies; nothing is pinned. One thread.
class KernelTracer {
 public:
  // Loads and attaches the best tier that this kernel really takes, or the one asked for. The error
  // lists what each candidate failed with.
  static Result<std::unique_ptr<KernelTracer>> Start(const KernelOptions& options);
  // Loads and attaches exactly `tier`. The error is the bare reason.
  static Result<std::unique_ptr<KernelTracer>> StartTier(Tier tier, const KernelOptions& options);
  virtual ~KernelTracer() = default;

  virtual Tier tier() const = 0;
  virtual int ring_fd() const = 0;
  virtual size_t ring_bytes() const = 0;
  // The map whose first bytes are the struct spanwire_control, fit to be mapped by the reader.
  virtual int control_fd() const = 0;
  virtual spanwire_control& control() = 0;
  virtual KernelCounters counters() const = 0;
  // Hook runs that the kernel left out because the same hook was at work on that CPU: at most this
  // many calls went unseen.
  virtual uint64_t skipped_runs() const = 0;

  // The processes that the kernel has described, as far as it remembers, and the start of one.
  virtual std::vector<uint32_t> processes() const = 0;
  virtual std::optional<uint64_t> StartOf(uint32_t pid) const = 0;

  // Asks for records of all bytes that were only counted so far.
  virtual void Sweep() = 0;

  // Sets what is captured of a connection; takes effect at its next turn.
  virtual void SetPolicy(model::ConnectionId connection, const spanwire_policy& policy) = 0;

  // No more events; what is in the ring can still be read.
  virtual void Detach() = 0;
};

std::string_view TierName(Tier tier);

}  // namespace spanwire::capture
