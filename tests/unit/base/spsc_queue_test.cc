// SPDX-License-Identifier: Apache-2.0
#include "agent/base/spsc_queue.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <thread>

namespace spanwire {
namespace {

TEST(SpscQueue, GivesBackInOrder) {
  SpscQueue<int> queue(4);
  for (int i = 0; i < 4; ++i) queue.Push(i);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(queue.Pop(), i);
  EXPECT_EQ(queue.TryPop(), std::nullopt);
}

TEST(SpscQueue, HoldsAtLeastWhatItWasAskedFor) {
  SpscQueue<int> queue(3);
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 3; ++i) queue.Push(i);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(queue.TryPop(), i);
  }
}

// Both sides wait for each other again and again.
TEST(SpscQueue, NothingIsLostBetweenTwoThreads) {
  constexpr uint64_t kItems = 20'000;
  for (const uint32_t capacity : {1u, 2u, 64u}) {
    SpscQueue<std::unique_ptr<uint64_t>> queue(capacity);
    std::jthread writer([&queue] {
      for (uint64_t i = 1; i <= kItems; ++i) queue.Push(std::make_unique<uint64_t>(i));
      queue.Push(nullptr);
    });
    uint64_t expected = 0;
    while (const auto item = queue.Pop()) ASSERT_EQ(*item, ++expected);
    EXPECT_EQ(expected, kItems);
  }
}

}  // namespace
}  // namespace spanwire
