// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/restarts.h"

namespace spanwire::keeper {
namespace {

constexpr Nanoseconds kFirstWait = 50'000'000;

}  // namespace

std::optional<Nanoseconds> Restarts::OnDeath(Nanoseconds now) {
  while (!deaths_.empty() && now - deaths_.front() >= kWithin) deaths_.pop_front();
  if (deaths_.size() >= kMax) return std::nullopt;
  deaths_.push_back(now);
  return kFirstWait << (deaths_.size() - 1);
}

}  // namespace spanwire::keeper
