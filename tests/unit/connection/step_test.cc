// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/unit/connection/wire.h"

namespace spanwire::connection {
namespace {

using model::Direction;
using model::Step;
using model::StepKind;

model::DataEvent By(model::DataEvent event, uint32_t tid) {
  event.who.tid = tid;
  return event;
}

TEST(Step, AResponseIsToldWithWhoReadItsHead) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.tracker.OnData(By(wire.Make(Direction::kReceive, "A"), 20));
  EXPECT_TRUE(wire.log.steps.empty());
  wire.tracker.OnData(By(wire.Make(Direction::kReceive, "1\n"), 21));
  ASSERT_EQ(wire.log.steps.size(), 1u);
  const Step& step = wire.log.steps[0];
  EXPECT_EQ(step.kind, StepKind::kResponse);
  EXPECT_TRUE(step.is_client);
  EXPECT_EQ(step.connection, 1u);
  EXPECT_EQ(step.ordinal, 0u);
  EXPECT_EQ(step.who.tid, 21u);
}

TEST(Step, TheRestOfARequestIsToldWithWhoDidIt) {
  Wire wire;
  wire.Open();
  wire.Send("Q1+4\n");
  EXPECT_TRUE(wire.log.steps.empty());
  wire.tracker.OnData(By(wire.Make(Direction::kTransmit, "body"), 22));
  ASSERT_EQ(wire.log.steps.size(), 1u);
  EXPECT_EQ(wire.log.steps[0].kind, StepKind::kRequestEnd);
  EXPECT_EQ(wire.log.steps[0].time_ns, wire.now);
  EXPECT_EQ(wire.log.steps[0].who.tid, 22u);
}

TEST(Step, RequestsOfAConnectionAreNumbered) {
  Wire wire;
  wire.Open();
  for (const std::string_view line : {"1\n", "2\n"}) {
    wire.Send("Q" + std::string(line));
    wire.Receive("A" + std::string(line));
  }
  ASSERT_EQ(wire.log.seen.size(), 2u);
  EXPECT_EQ(wire.log.seen[0].exchange.ordinal, 0u);
  EXPECT_EQ(wire.log.seen[1].exchange.ordinal, 1u);
  EXPECT_EQ(wire.log.steps[1].ordinal, 1u);
}

TEST(Step, TheLastReaderOfAResponseIsKnown) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Receive("A1+3\n");
  wire.tracker.OnData(By(wire.Make(Direction::kReceive, "abc"), 23));
  ASSERT_EQ(wire.log.seen.size(), 1u);
  EXPECT_EQ(wire.log.seen[0].exchange.response_at.who.tid, 8u);
  EXPECT_EQ(wire.log.seen[0].exchange.response_at.last_who.tid, 23u);
}

TEST(Step, AConnectIsToldBeforeTheConnectionIsKnown) {
  Wire wire;
  model::ConnectionEvent event;
  event.change = model::ConnectionChange::kConnect;
  event.time_ns = 50;
  event.who = {.pid = 7, .tid = 9};
  event.connection = Wire::Describe(3);
  wire.tracker.OnConnection(event);
  ASSERT_EQ(wire.log.steps.size(), 1u);
  EXPECT_EQ(wire.log.steps[0].kind, StepKind::kConnect);
  EXPECT_EQ(wire.log.steps[0].connection, 3u);
  EXPECT_EQ(wire.log.steps[0].who.tid, 9u);
}

TEST(Step, TheAgentsOwnConnectsAreNotTold) {
  Wire wire;
  model::ConnectionEvent event;
  event.change = model::ConnectionChange::kConnect;
  event.who = {.pid = 7, .tid = 9};
  event.connection = Wire::Describe(3);
  event.connection.self = true;
  wire.tracker.OnConnection(event);
  EXPECT_TRUE(wire.log.steps.empty());
}

TEST(Step, AnAnswerToAnUnseenRequestIsAStray) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Receive("A1\n");
  wire.Receive("A2\n");
  ASSERT_EQ(wire.log.steps.size(), 2u);
  EXPECT_EQ(wire.log.steps[1].kind, StepKind::kStray);
}

}  // namespace
}  // namespace spanwire::connection
