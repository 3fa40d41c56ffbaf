// SPDX-License-Identifier: Apache-2.0
// How exchanges end: answers before the request's end, ends of streams, resets, closed sockets.
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "tests/unit/connection/wire.h"

namespace spanwire::connection {
namespace {

using model::ConnectionChange;
using model::Direction;
using model::Ending;

TEST(TrackerEnd, EarlyAnswerWaitsForTheEndOfTheRequest) {
  Wire wire;
  wire.Open();
  wire.Send("Q1+4\nab");
  wire.Receive("A1\n");
  EXPECT_EQ(wire.Pairs(), "");
  wire.Send("cd");
  EXPECT_EQ(wire.Pairs(), "1=1");
  EXPECT_EQ(wire.log.seen[0].ending, Ending::kAnswered);
}

TEST(TrackerEnd, EarlyAnswerCompletesAtClose) {
  Wire wire;
  wire.Open();
  wire.Send("Q1+4\nab");
  wire.Receive("A1\n");
  const Nanoseconds answered = wire.now;
  wire.Close(ECONNRESET);
  EXPECT_EQ(wire.Pairs(), "1=1");
  EXPECT_EQ(wire.log.seen[0].ending, Ending::kAnswered);
  EXPECT_EQ(wire.log.seen[0].exchange.ended_ns, answered);
}

TEST(TrackerEnd, ResponseUpToTheEndOfTheStream) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Receive("A1*\nsome");
  wire.Receive("thing");
  const Nanoseconds last = wire.now;
  EXPECT_EQ(wire.Pairs(), "");
  wire.ReceiveEof();
  EXPECT_EQ(wire.Pairs(), "1=1");
  EXPECT_EQ(wire.log.seen[0].ending, Ending::kAnswered);
  EXPECT_EQ(wire.log.seen[0].exchange.ended_ns, last);
}

TEST(TrackerEnd, ResetIsNotTheEndOfAMessage) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Receive("A1*\nsome");
  wire.Close(ECONNRESET);
  EXPECT_EQ(wire.Pairs(), "1=1");
  EXPECT_EQ(wire.log.seen[0].ending, Ending::kReset);
  EXPECT_EQ(wire.log.seen[0].exchange.error, ECONNRESET);
}

struct EndCase {
  uint16_t error;
  Ending ending;
};
class CloseEnds : public ::testing::TestWithParam<EndCase> {};

TEST_P(CloseEnds, OpenRequest) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Close(GetParam().error);
  EXPECT_EQ(wire.Pairs(), "1=-");
  EXPECT_EQ(wire.log.seen[0].ending, GetParam().ending);
  EXPECT_EQ(wire.log.seen[0].exchange.ended_ns, wire.closed);
  EXPECT_EQ(wire.Unbalanced(), "");
  EXPECT_EQ(wire.tracker.connections(), 0u);
}

TEST_P(CloseEnds, OpenRequestByAFailedCall) {
  if (GetParam().error == 0 || GetParam().error == EPIPE) return;
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Flag(Direction::kReceive, SPANWIRE_DATA_ERROR, GetParam().error);
  EXPECT_EQ(wire.Pairs(), "1=-");
  EXPECT_EQ(wire.log.seen[0].ending, GetParam().ending);
}

INSTANTIATE_TEST_SUITE_P(Errors, CloseEnds,
                         ::testing::Values(EndCase{0, Ending::kClosed},
                                           EndCase{ECONNRESET, Ending::kReset},
                                           EndCase{EPIPE, Ending::kReset},
                                           EndCase{ETIMEDOUT, Ending::kTimedOut}));

TEST(TrackerEnd, AFailedSendDoesNotHideTheAnswer) {
  Wire wire;
  wire.Open();
  wire.Send("Q1+100\nab");
  wire.Flag(Direction::kTransmit, SPANWIRE_DATA_ERROR, EPIPE);
  wire.Receive("A1\n");
  wire.Close();
  EXPECT_EQ(wire.Pairs(), "1=1");
}

TEST(TrackerEnd, EofEndsAnUnansweredRequest) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.ReceiveEof();
  EXPECT_EQ(wire.Pairs(), "1=-");
  EXPECT_EQ(wire.log.seen[0].ending, Ending::kClosed);
}

TEST(TrackerEnd, HalfClosedClientStillGetsItsAnswer) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Change(ConnectionChange::kLocalFin);
  wire.Receive("A1\n");
  EXPECT_EQ(wire.Pairs(), "1=1");
}

// A half-closed client's socket is closed by the server's FIN, before the answer is read.
TEST(TrackerEnd, AnswerReadAfterTheSocketClosed) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Change(ConnectionChange::kLocalFin);
  wire.Change(ConnectionChange::kClosed);
  wire.Receive("A1+4\n");
  wire.Tick(Wire::kLinger / 2);
  wire.Receive("abcd");
  EXPECT_EQ(wire.Pairs(), "1=1");
  EXPECT_EQ(wire.log.seen[0].ending, Ending::kAnswered);
  EXPECT_EQ(wire.tracker.connections(), 0u);
}

// The socket's sequence numbers count the FIN as a byte.
TEST(TrackerEnd, AFinIsNoByteOfTheStream) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Change(ConnectionChange::kLocalFin);
  wire.Change(ConnectionChange::kClosed);
  auto answer = wire.Make(Direction::kReceive, "A1+4\n");
  answer.prior = {.offset = 3, .length = 1, .turn = 1, .end_ns = wire.now};
  wire.tracker.OnData(answer);
  wire.Receive("abcd");
  EXPECT_EQ(wire.Pairs(), "1=1");
  EXPECT_EQ(wire.log.seen[0].ending, Ending::kAnswered);
  EXPECT_EQ(wire.stages.stream->Dropped(), 0u);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(TrackerEnd, AnswerReadBeforeTheReset) {
  Wire wire;
  wire.Open();
  wire.Send("Q1+100\nab");
  wire.Change(ConnectionChange::kClosed, ECONNRESET);
  wire.Receive("A1\n");
  wire.Flag(Direction::kReceive, SPANWIRE_DATA_ERROR, ECONNRESET);
  EXPECT_EQ(wire.Pairs(), "1=1");
  EXPECT_EQ(wire.log.seen[0].ending, Ending::kAnswered);
  EXPECT_EQ(wire.tracker.connections(), 0u);
}

TEST(TrackerEnd, RequestReadAfterTheReset) {
  Wire wire;
  wire.Open();
  wire.Receive("Q1\n");
  wire.Send("A1\n");
  wire.Change(ConnectionChange::kClosed, ECONNRESET);
  wire.Receive("Q2\n");
  wire.Tick(Wire::kLinger);
  EXPECT_EQ(wire.Pairs(), "1=1 2=-");
  EXPECT_EQ(wire.log.seen[1].ending, Ending::kReset);
}

TEST(TrackerEnd, ClosedConnectionsEndAtExit) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Change(ConnectionChange::kClosed);
  EXPECT_TRUE(wire.tracker.Waits());
  wire.tracker.Finish(wire.now);
  EXPECT_EQ(wire.Pairs(), "1=-");
  EXPECT_EQ(wire.log.seen[0].ending, Ending::kClosed);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(TrackerEnd, ReadsOfNothingAfterTheEndAreNoLoss) {
  Wire wire;
  wire.ReceiveEof();
  EXPECT_EQ(wire.stages.connection->Dropped(), 0u);
  EXPECT_TRUE(wire.policies.sent.empty());
  EXPECT_EQ(wire.Unbalanced(), "");
}

}  // namespace
}  // namespace spanwire::connection
