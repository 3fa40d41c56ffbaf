// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "agent/keeper/rate_limit.h"
#include "agent/keeper/restarts.h"
#include "agent/keeper/worker_process.h"

namespace spanwire::keeper {
namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;

TEST(Restarts, ComeSoonThenLater) {
  Restarts restarts;
  Nanoseconds last = 0;
  for (size_t i = 0; i < Restarts::kMax; ++i) {
    const auto wait = restarts.OnDeath(100 * kSecond + i);
    ASSERT_TRUE(wait.has_value());
    EXPECT_GT(*wait, last);
    EXPECT_LT(*wait, kSecond);
    last = *wait;
  }
}

TEST(Restarts, AreAtMostFiveAMinute) {
  Restarts restarts;
  for (size_t i = 0; i < 5; ++i) EXPECT_TRUE(restarts.OnDeath((1 + i) * kSecond));
  EXPECT_FALSE(restarts.OnDeath(60 * kSecond));
  EXPECT_TRUE(restarts.OnDeath(61 * kSecond));
  EXPECT_FALSE(restarts.OnDeath(61 * kSecond + 1));
}

TEST(RateLimit, AllowsASecondsWorthAtOnce) {
  RateLimit limit(100);
  EXPECT_TRUE(limit.Allows(100, kSecond));
  EXPECT_FALSE(limit.Allows(1, kSecond));
  EXPECT_TRUE(limit.Allows(10, kSecond + kSecond / 10));
  EXPECT_FALSE(limit.Allows(1, kSecond + kSecond / 10));
}

TEST(RateLimit, DoesNotSaveUpForever) {
  RateLimit limit(100);
  EXPECT_FALSE(limit.Allows(101, 3600 * kSecond));
  EXPECT_TRUE(limit.Allows(100, 3600 * kSecond));
}

TEST(RateLimit, AClockThatStandsStillGivesNothing) {
  RateLimit limit(1);
  EXPECT_TRUE(limit.Allows(1, 5));
  EXPECT_FALSE(limit.Allows(1, 5));
  EXPECT_FALSE(limit.Allows(1, 4));
}

TEST(WorkerEnd, IsToldInWords) {
  EXPECT_EQ(Describe({.signal = 11, .exit_code = 0}), "by signal 11 (Segmentation fault)");
  EXPECT_EQ(Describe({.signal = 0, .exit_code = 3}), "with exit code 3");
}

}  // namespace
}  // namespace spanwire::keeper
