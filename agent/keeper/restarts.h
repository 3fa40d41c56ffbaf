// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>

#include "agent/base/time.h"

namespace spanwire::keeper {

// When a worker that died is started again: soon, then after ever longer waits of at most 0.8 s,
// and at most five times within a minute.
class Restarts {
 public:
  static constexpr size_t kMax = 5;
  static constexpr Nanoseconds kWithin = 60'000'000'000;

  // A worker died at `now`: how long to wait before the next one; nothing when it is enough.
  std::optional<Nanoseconds> OnDeath(Nanoseconds now);

 private:
  std::deque<Nanoseconds> deaths_;  // within the last minute
};

}  // namespace spanwire::keeper
