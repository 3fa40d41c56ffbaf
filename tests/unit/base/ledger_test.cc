// SPDX-License-Identifier: Apache-2.0
#include "agent/base/ledger.h"

#include <gtest/gtest.h>

#include <array>

namespace spanwire {
namespace {

TEST(Ledger, CountsInTheMemoryThatItWasGiven) {
  std::array<Counter, 8> shared;
  Ledger ledger(shared);
  Stage& stage = ledger.AddStage("ring", "events");
  stage.in.Add(3);
  stage.Drop("ring_full").Add(2);

  EXPECT_EQ(shared[*ledger.space().IndexOf(stage.in)].Get(), 3u);
  EXPECT_EQ(shared[*ledger.space().IndexOf(stage.Drop("ring_full"))].Get(), 2u);
}

TEST(Ledger, GoesOnInItsOwnMemoryWhenTheSharedIsUsedUp) {
  std::array<Counter, 2> shared;
  Ledger ledger(shared);
  Stage& stage = ledger.AddStage("ring", "events");
  stage.held.Add(7);

  EXPECT_TRUE(ledger.space().IndexOf(stage.out).has_value());
  EXPECT_FALSE(ledger.space().IndexOf(stage.held).has_value());
  EXPECT_EQ(stage.held.Get(), 7u);
}

TEST(Ledger, AReasonIsOneCounter) {
  Stage stage("ring", "events");
  EXPECT_EQ(&stage.Drop("ring_full"), &stage.Drop("ring_full"));
  EXPECT_NE(&stage.Drop("ring_full"), &stage.Drop("no_scratch"));
}

TEST(Ledger, IsBalancedWhenAllIsAccountedFor) {
  Stage stage("ring", "events");
  stage.in.Add(10);
  stage.out.Add(5);
  stage.held.Add(2);
  EXPECT_FALSE(stage.Balanced());
  stage.Drop("ring_full").Add(3);
  EXPECT_TRUE(stage.Balanced());
}

}  // namespace
}  // namespace spanwire
