// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/base/time.h"

namespace spanwire::keeper {

// Lets so much pass each second, and as much at once after a second of silence.
class RateLimit {
 public:
  explicit RateLimit(double per_second) : per_second_(per_second), left_(per_second) {}

  // Whether `amount` may pass at `now`; what may not takes nothing.
  bool Allows(double amount, Nanoseconds now);

 private:
  double per_second_;
  double left_;
  Nanoseconds last_ = 0;
};

}  // namespace spanwire::keeper
