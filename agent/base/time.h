// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace spanwire {

// CLOCK_MONOTONIC nanoseconds, as the kernel stamps its records; 0 = unknown.
using Nanoseconds = uint64_t;

// Turns the kernel's monotonic stamps into wall time. One anchor serves all spans of a moment; it
// is part of a recording, so that a replay gives the same wall times.
struct ClockAnchor {
  Nanoseconds monotonic_ns = 0;
  uint64_t wall_ns = 0;  // CLOCK_REALTIME (UNIX epoch) at monotonic_ns

  uint64_t ToWall(Nanoseconds time) const { return wall_ns + (time - monotonic_ns); }
};

// Where the time comes from; tests bring their own.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual ClockAnchor Now() const = 0;
};

// The clocks of this host. Any thread.
class SystemClock final : public Clock {
 public:
  ClockAnchor Now() const override;
};

}  // namespace spanwire
