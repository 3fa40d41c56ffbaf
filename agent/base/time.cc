// SPDX-License-Identifier: Apache-2.0
#include "agent/base/time.h"

#include <ctime>

namespace spanwire {
namespace {

uint64_t Read(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

ClockAnchor SystemClock::Now() const { return {Read(CLOCK_MONOTONIC), Read(CLOCK_REALTIME)}; }

}  // namespace spanwire
