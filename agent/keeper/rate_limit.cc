// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/rate_limit.h"

#include <algorithm>

namespace spanwire::keeper {

bool RateLimit::Allows(double amount, Nanoseconds now) {
  const Nanoseconds passed = now > last_ ? now - last_ : 0;
  last_ = std::max(last_, now);
  left_ = std::min(per_second_, left_ + per_second_ * static_cast<double>(passed) / 1e9);
  if (amount > left_) return false;
  left_ -= amount;
  return true;
}

}  // namespace spanwire::keeper
