// SPDX-License-Identifier: Apache-2.0
// What the tracker does when something is missing: nothing is paired across a gap.
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "tests/unit/connection/wire.h"

namespace spanwire::connection {
namespace {

using model::ConnectionChange;
using model::Direction;
using model::Ending;

constexpr Nanoseconds kLong = 100'000'000;

TEST(TrackerLoss, LostResponseEndsTheRequestAsLost) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.LoseReceived("A1\n");
  EXPECT_FALSE(wire.tracker.Waits());
  wire.Send("Q2\n");
  wire.Receive("A2\n");
  EXPECT_TRUE(wire.tracker.Waits());
  wire.Tick(kLong);
  EXPECT_FALSE(wire.tracker.Waits());
  wire.Send("Q3\n");
  wire.Receive("A3\n");
  EXPECT_EQ(wire.Pairs(), "1=- 2=2 3=3");
  EXPECT_EQ(wire.log.seen[0].ending, Ending::kLost);
  EXPECT_EQ(wire.Dropped(wire.stages.stream, "hole"), 3u);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(TrackerLoss, LostRequestMakesItsResponseAnOrphan) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Receive("A1\n");
  wire.LoseSent("Q2\n");
  wire.Receive("A2\n");
  wire.Send("Q3\n");
  wire.Receive("A3\n");
  wire.Tick(kLong);
  EXPECT_EQ(wire.Pairs(), "1=1 3=3");
  EXPECT_EQ(wire.Dropped(wire.stages.pairing, "orphan_response"), 1u);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(TrackerLoss, WholeExchangesMayBeLost) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.LoseReceived("A1\n");
  wire.LoseSent("Q2\n");
  wire.LoseReceived("A2\n");
  wire.LoseSent("Q3\n");
  wire.Receive("A3\n");
  wire.Send("Q4\n");
  wire.Receive("A4\n");
  wire.Tick(kLong);
  EXPECT_EQ(wire.Pairs(), "1=- 4=4");
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(TrackerLoss, NothingIsParsedWhileSomethingMayBeMissing) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  const auto late = wire.Make(Direction::kReceive, "A1\n");
  wire.Send("Q2\n");
  wire.Receive("A2\n");
  EXPECT_EQ(wire.Pairs(), "");
  wire.tracker.OnData(late);
  EXPECT_EQ(wire.Pairs(), "1=1 2=2");
  EXPECT_EQ(wire.Unbalanced(), "");
}

// A server reads two requests and half of a third, answers the two and reads the rest: the turns of
// the answers lie inside the third request.
TEST(TrackerLoss, AMessageMaySpanTurns) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\nQ2\nQ");
  wire.Receive("A1\nA2\n");
  wire.Send("3\n");
  wire.Receive("A3\n");
  wire.Send("Q4\n");
  wire.Receive("A4\n");
  EXPECT_EQ(wire.Pairs(), "1=1 2=2 3=3 4=4");
}

TEST(TrackerLoss, RecordsOfOneDirectionMayOvertakeEachOther) {
  Wire wire;
  wire.Open();
  const auto late = wire.Make(Direction::kTransmit, "Q1");
  wire.Send("+2\nab");
  EXPECT_EQ(wire.log.requests, 0u);
  wire.tracker.OnData(late);
  EXPECT_EQ(wire.log.requests, 1u);
  wire.Receive("A1\n");
  EXPECT_EQ(wire.Pairs(), "1=1");
}

TEST(TrackerLoss, ABodyIsNotTakenForAMessage) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.LoseReceived("A1+4\n");
  wire.Receive("A9\n");
  wire.Receive("x");
  wire.Send("Q2\n");
  wire.Receive("A2\n");
  wire.Tick(kLong);
  EXPECT_EQ(wire.Pairs(), "1=- 2=2");
}

TEST(TrackerLoss, CountedContentIsConsumed) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.tracker.OnData(wire.Make(Direction::kReceive, "A1+6\nabcdef", 7));
  wire.Send("Q2\n");
  wire.Receive("A2\n");
  EXPECT_EQ(wire.Pairs(), "1=1 2=2");
  EXPECT_EQ(wire.stages.stream->Dropped(), 0u);
}

TEST(TrackerLoss, PriorBytesCompleteTheOtherDirection) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Receive("A1+4\n");
  const auto counted = wire.Make(Direction::kReceive, "abcd");
  EXPECT_EQ(wire.Pairs(), "");
  auto next = wire.Make(Direction::kTransmit, "Q2\n");
  next.prior = {.offset = counted.offset,
                .length = counted.length,
                .turn = counted.turn,
                .end_ns = counted.time_ns};
  wire.tracker.OnData(next);
  EXPECT_EQ(wire.Pairs(), "1=1");
  EXPECT_EQ(wire.log.seen[0].exchange.response_at.last_ns, counted.time_ns);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(TrackerLoss, SweepReportsCompleteTheMessage) {
  TrackerLimits limits;
  limits.default_budget_bytes = 8;
  Wire wire(limits);
  wire.Open();
  wire.Send("Q1\n");
  EXPECT_FALSE(wire.tracker.NeedsSweep());
  wire.Receive("A1+4\nabc");
  EXPECT_TRUE(wire.tracker.NeedsSweep());
  auto sweep = wire.Make(Direction::kReceive, "d", 0);
  sweep.flags |= SPANWIRE_DATA_SWEEP;
  wire.tracker.OnData(sweep);
  EXPECT_EQ(wire.Pairs(), "1=1");
  EXPECT_FALSE(wire.tracker.NeedsSweep());
}

TEST(TrackerLoss, ForgottenConnectionsWantNoSweep) {
  TrackerLimits limits;
  limits.default_budget_bytes = 8;
  Wire wire(limits);
  wire.Open();
  wire.Send("Q1\n");
  wire.Receive("A1+4\nabc");
  EXPECT_TRUE(wire.tracker.NeedsSweep());
  wire.Close();
  EXPECT_FALSE(wire.tracker.NeedsSweep());
}

TEST(TrackerLoss, AHeadThatWasCutIsLost) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.tracker.OnData(wire.Make(Direction::kReceive, "A1\n", 1));
  wire.Send("Q2\n");
  wire.Receive("A2\n");
  EXPECT_EQ(wire.Pairs(), "1=- 2=2");
  EXPECT_EQ(wire.Dropped(wire.stages.stream, "gap"), 3u);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(TrackerLoss, JoinedConnectionBeginsWithATurn) {
  Wire wire;
  wire.LoseSent("Q1+3\n");
  wire.Open(1, true);
  wire.Send("Q7\n");  // the rest of a body that looks like a request
  wire.Receive("A1\n");
  wire.Send("Q2\n");
  wire.Receive("A2\n");
  EXPECT_EQ(wire.Pairs(), "2=2");
  EXPECT_TRUE(wire.log.seen.at(0).exchange.connection->joined);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(TrackerLoss, JoinedConnectionOfUnknownProtocolIsGivenUp) {
  Wire wire;
  wire.Open(1, true);
  for (int i = 0; i < 40; ++i) {
    wire.Send("zz");
    wire.Receive("yy");
  }
  ASSERT_FALSE(wire.policies.sent.empty());
  EXPECT_EQ(wire.policies.sent.back().second.mode, Policy::Mode::kCount);
  EXPECT_EQ(wire.Dropped(wire.stages.stream, "undetected"), 160u);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(TrackerLoss, PipelinedConnectionPairsAgainAfterSilence) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\nQ2\nQ3\n");
  wire.LoseReceived("A1\n");
  wire.Receive("A2\n");
  wire.Tick(kLong);
  wire.Send("Q4\n");
  wire.Receive("A3\n");
  wire.Receive("A4\n");
  EXPECT_EQ(wire.Pairs(), "1=- 2=- 3=- 4=-");
  wire.now += 10'000'000'000;
  wire.Send("Q5\n");
  wire.Receive("A5\n");
  EXPECT_EQ(wire.Pairs(), "1=- 2=- 3=- 4=- 5=5");
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(TrackerLoss, CloseResolvesHoles) {
  Wire wire;
  wire.Open();
  wire.LoseSent("Q1\n");
  wire.Receive("A1\n");
  wire.Send("Q2\n");
  wire.Receive("A2\n");
  wire.Close();
  EXPECT_EQ(wire.Pairs(), "2=2");
  EXPECT_EQ(wire.Unbalanced(), "");
}

// No record tells that a UNIX socket was closed; the other end reads the end of the stream.
TEST(TrackerLoss, EndOfAUnixStreamIsTheClosingOfItsPeer) {
  Wire wire;
  model::ConnectionEvent open;
  open.change = model::ConnectionChange::kOpen;
  open.time_ns = wire.now;
  open.connection.transport = model::Transport::kUnix;
  open.connection.id = 2;  // the end that connected: its peer had no inode yet
  open.connection.inode = 20;
  wire.tracker.OnConnection(open);
  open.connection.id = 1;
  open.connection.inode = 10;
  open.connection.peer_inode = 20;
  wire.tracker.OnConnection(open);
  wire.Receive("Q1\n");  // connection 1 is the server's end
  model::DataEvent end;
  end.connection = 2;
  end.time_ns = wire.now += 1000;
  end.direction = model::Direction::kReceive;
  end.flags = SPANWIRE_DATA_EOF;
  wire.tracker.OnData(end);
  ASSERT_EQ(wire.log.seen.size(), 1u);
  EXPECT_EQ(wire.log.seen[0].ending, model::Ending::kClosed);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(TrackerLoss, BytesReportedTwiceAreCounted) {
  Wire wire;
  wire.Open();
  const auto event = wire.Make(Direction::kTransmit, "Q1\n");
  wire.tracker.OnData(event);
  wire.tracker.OnData(event);
  wire.Receive("A1\n");
  EXPECT_EQ(wire.Pairs(), "1=1");
  EXPECT_EQ(wire.Dropped(wire.stages.stream, "duplicate"), 3u);
  EXPECT_EQ(wire.Unbalanced(), "");
}

}  // namespace
}  // namespace spanwire::connection
