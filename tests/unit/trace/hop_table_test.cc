// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/hop_table.h"

#include <gtest/gtest.h>

namespace spanwire::trace {
namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;

HopContext Context(uint8_t mark) {
  HopContext context;
  context.span_id[0] = mark;
  return context;
}

TEST(HopTable, EachRequestIsClaimedOnce) {
  HopTable hops(100, kSecond);
  hops.Add({1, 2}, Context(9), 0);
  HopContext found;
  EXPECT_TRUE(hops.Take({1, 2}, found));
  EXPECT_EQ(found.span_id[0], 9);
  EXPECT_FALSE(hops.Take({1, 2}, found));
}

TEST(HopTable, HalfAKeyIsNotEnough) {
  HopTable hops(100, kSecond);
  hops.Add({1, 2}, Context(9), 0);
  HopContext found;
  EXPECT_FALSE(hops.Take({1, 3}, found));
}

TEST(HopTable, ALaterRequestReplacesAnEarlierOne) {
  HopTable hops(100, kSecond);
  hops.Add({1, 2}, Context(1), 0);
  hops.Add({1, 2}, Context(2), kSecond);
  hops.Expire(kSecond + 1);
  HopContext found;
  EXPECT_TRUE(hops.Take({1, 2}, found));
  EXPECT_EQ(found.span_id[0], 2);
}

TEST(HopTable, OldRequestsGo) {
  HopTable hops(100, kSecond);
  hops.Add({1, 2}, Context(1), 0);
  hops.Add({2, 2}, Context(1), kSecond);
  hops.Expire(kSecond + kSecond / 2);
  EXPECT_EQ(hops.size(), 1u);
  EXPECT_EQ(hops.evicted(), 0u);
}

TEST(HopTable, TheTableIsBounded) {
  HopTable hops(10, kSecond);
  for (uint64_t i = 0; i < 100; ++i) hops.Add({i, i}, Context(1), 0);
  EXPECT_EQ(hops.size(), 10u);
  EXPECT_EQ(hops.evicted(), 90u);
}

TEST(HopTable, ClaimedRequestsDoNotCountForever) {
  HopTable hops(10, kSecond);
  HopContext found;
  for (uint64_t i = 0; i < 1000; ++i) {
    hops.Add({i, i}, Context(1), 0);
    if (i != 3) EXPECT_TRUE(hops.Take({i, i}, found));
  }
  EXPECT_LE(hops.size(), 1u);
  EXPECT_LE(hops.evicted(), 1u);
}

}  // namespace
}  // namespace spanwire::trace
