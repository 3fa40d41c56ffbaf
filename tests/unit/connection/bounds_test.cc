// SPDX-License-Identifier: Apache-2.0
// What a tracker may hold, and what it tells the kernel to copy.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/connection/wire.h"

namespace spanwire::connection {
namespace {

using model::Direction;
using model::Ending;

TEST(TrackerBounds, LongestIdleConnectionsGoFirst) {
  TrackerLimits limits;
  limits.max_connections = 64;
  Wire wire(limits);
  for (model::ConnectionId id = 1; id <= 65; ++id) {
    wire.Open(id);
    wire.Send("Q1\n", id);
  }
  EXPECT_LE(wire.tracker.connections(), 64u);
  EXPECT_EQ(wire.log.seen.at(0).ending, Ending::kEvicted);
  wire.Receive("A1\n", 65);
  EXPECT_EQ(wire.log.seen.back().ending, Ending::kAnswered);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(TrackerBounds, HeldBytesAreBounded) {
  TrackerLimits limits;
  limits.total_bytes = 10'000;
  Wire wire(limits);
  for (model::ConnectionId id = 1; id <= 50; ++id) {
    wire.Open(id);
    wire.Send("Q" + std::string(1000, '1'), id);
  }
  EXPECT_LE(wire.tracker.held_bytes(), 10'000u);
  EXPECT_GT(wire.Dropped(wire.stages.stream, "evicted"), 0u);
  EXPECT_EQ(wire.Unbalanced(), "");
  wire.tracker.Finish(wire.now);
  EXPECT_EQ(wire.tracker.held_bytes(), 0u);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(TrackerBounds, OneConnectionCannotHoldMuch) {
  TrackerLimits limits;
  limits.connection_bytes = 4096;
  Wire wire(limits);
  wire.Open();
  for (int i = 0; i < 1000; ++i) wire.Send("Q" + std::string(100, '1'));
  EXPECT_LE(wire.tracker.held_bytes(), 4096u + 256u);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(TrackerBounds, OpenExchangesAreBounded) {
  TrackerLimits limits;
  limits.max_open_exchanges = 10;
  Wire wire(limits);
  wire.Open();
  for (int i = 0; i < 20; ++i) wire.Send("Q" + std::to_string(i) + "\n");
  EXPECT_EQ(wire.log.seen.size(), 10u);
  EXPECT_EQ(wire.log.seen[0].ending, Ending::kEvicted);
  for (int i = 0; i < 20; ++i) wire.Receive("A" + std::to_string(i) + "\n");
  ASSERT_EQ(wire.log.seen.size(), 20u);
  EXPECT_EQ(wire.log.seen[10].request, "10");
  EXPECT_EQ(wire.log.seen[10].response, "10");
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(TrackerBounds, IdleConnectionsAreForgotten) {
  TrackerLimits limits;
  limits.idle_ns = 5'000'000'000;
  Wire wire(limits);
  wire.Open();
  for (int i = 0; i < 40; ++i) wire.Tick(1'000'000'000);
  EXPECT_EQ(wire.tracker.connections(), 0u);
}

TEST(TrackerBounds, EndedUnixConnectionsAreForgottenSoon) {
  Wire wire;
  model::ConnectionEvent open;
  open.change = model::ConnectionChange::kOpen;
  open.time_ns = wire.now;
  open.connection.transport = model::Transport::kUnix;
  for (open.connection.id = 1; open.connection.id <= 2; ++open.connection.id) {
    wire.tracker.OnConnection(open);
  }
  wire.Send("Q1\n");
  wire.Receive("A1\n");
  wire.ReceiveEof();
  for (int i = 0; i < 40; ++i) wire.Tick(1'000'000'000);
  EXPECT_EQ(wire.tracker.connections(), 1u);
}

TEST(TrackerPolicy, BudgetFollowsTheSecondRequest) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Receive("A1\n");
  EXPECT_TRUE(wire.policies.sent.empty());
  wire.Send("Q2\n");
  ASSERT_EQ(wire.policies.sent.size(), 1u);
  EXPECT_EQ(wire.policies.sent[0].second.rx_bytes, 65'536u);
  EXPECT_EQ(wire.policies.sent[0].second.rx_call_bytes, 512u);
  EXPECT_EQ(wire.policies.sent[0].second.tx_bytes, 16'384u);
  wire.Receive("A2\n");
  wire.Send("Q3\n");
  EXPECT_EQ(wire.policies.sent.size(), 1u);
}

TEST(TrackerPolicy, BudgetHoldsTwoOfTheLargestHeads) {
  Wire wire;
  wire.Open();
  const std::string id(3000, '1');
  wire.Send("Q" + id + "\n");
  wire.Receive("A" + id + "\n");
  wire.Send("Q2\n");
  ASSERT_EQ(wire.policies.sent.size(), 1u);
  EXPECT_EQ(wire.policies.sent[0].second.rx_call_bytes, 8192u);
}

TEST(TrackerPolicy, PipeliningNeedsEverything) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\nQ2\n");
  ASSERT_EQ(wire.policies.sent.size(), 1u);
  EXPECT_EQ(wire.policies.sent[0].second.rx_bytes, 1u << 20);
  EXPECT_EQ(wire.policies.sent[0].second.tx_bytes, 1u << 20);
}

TEST(TrackerPolicy, FramedContentNeedsMore) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Receive("A1*\nab");
  wire.Receive("cd");
  wire.ReceiveEof();
  wire.Send("Q2\n");
  ASSERT_EQ(wire.policies.sent.size(), 1u);
  EXPECT_EQ(wire.policies.sent[0].second.rx_call_bytes, 256u << 10);
}

TEST(TrackerPolicy, ALossWidensTheBudget) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Receive("A1\n");
  wire.Send("Q2\n");
  wire.tracker.OnData(wire.Make(Direction::kReceive, "A2\n", 1));
  ASSERT_EQ(wire.policies.sent.size(), 2u);
  EXPECT_EQ(wire.policies.sent[1].second.rx_call_bytes, 16'384u);
}

}  // namespace
}  // namespace spanwire::connection
