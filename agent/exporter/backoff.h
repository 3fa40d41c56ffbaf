// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace spanwire::exporter {

// Waits that double from `initial` to `most`, each shortened by up to half at random, so that many
// agents do not come back to a server at the same moment.
class Backoff {
 public:
  using Milliseconds = std::chrono::milliseconds;

  Backoff(Milliseconds initial, Milliseconds most, uint64_t seed)
      : initial_(initial), most_(most), next_(initial), random_(seed) {}

  Milliseconds Next() {
    const auto whole = std::min(next_, most_).count();
    next_ = std::min(next_ * 2, most_);
    std::uniform_int_distribution<int64_t> jitter(whole - whole / 2, whole);
    return Milliseconds(jitter(random_));
  }

  void Reset() { next_ = initial_; }

 private:
  const Milliseconds initial_;
  const Milliseconds most_;
  Milliseconds next_;
  std::mt19937_64 random_;
};

}  // namespace spanwire::exporter
