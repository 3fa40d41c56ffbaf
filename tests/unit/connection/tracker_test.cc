// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/tracker.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "tests/unit/connection/wire.h"

namespace spanwire::connection {
namespace {

using model::ConnectionChange;
using model::Direction;
using model::Ending;

TEST(ConnectionTracker, PairsARequestWithItsResponse) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  EXPECT_EQ(wire.log.requests, 1u);
  EXPECT_EQ(wire.Pairs(), "");
  wire.Receive("A1\n");
  EXPECT_EQ(wire.Pairs(), "1=1");
  EXPECT_EQ(wire.log.seen[0].ending, Ending::kAnswered);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(ConnectionTracker, OneWayRequestEndsWithItsLastByte) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\nO2\nO3+4\n");
  EXPECT_EQ(wire.Pairs(), "2=-");
  wire.Send("bodyQ4\n");
  EXPECT_EQ(wire.Pairs(), "2=- 3=-");
  EXPECT_EQ(wire.log.seen[1].ending, Ending::kAnswered);
  EXPECT_EQ(wire.log.seen[1].exchange.ended_ns, wire.now);
  wire.Receive("A1\nA4\n");
  EXPECT_EQ(wire.Pairs(), "2=- 3=- 1=1 4=4");
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(ConnectionTracker, WhoOpenedAConnectionSendsItsRequests) {
  Wire wire;
  wire.Open(1, false, model::Role::kClient);
  wire.Receive("Q1\n");
  wire.Send("A1\n");
  EXPECT_EQ(wire.log.requests, 0u);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(ConnectionTracker, ExchangeCarriesTimesSequenceAndWho) {
  Wire wire;
  wire.Open();
  wire.Send("Q1+4\n");
  const Nanoseconds first_sent = wire.now;
  wire.Send("body");
  const Nanoseconds last_sent = wire.now;
  wire.Receive("A1");
  const Nanoseconds first_received = wire.now;
  wire.Receive("\n");
  const model::Exchange& exchange = wire.log.seen.at(0).exchange;
  EXPECT_TRUE(exchange.is_client);
  EXPECT_EQ(exchange.protocol, "line");
  EXPECT_EQ(exchange.request_at.first_ns, first_sent);
  EXPECT_EQ(exchange.request_at.last_ns, last_sent);
  EXPECT_TRUE(exchange.request_at.complete);
  EXPECT_EQ(exchange.request_at.sequence, 5000u);
  EXPECT_EQ(exchange.request_at.who.tid, 8u);
  EXPECT_EQ(exchange.response_at.first_ns, first_received);
  EXPECT_EQ(exchange.response_at.last_ns, wire.now);
  EXPECT_EQ(exchange.ended_ns, wire.now);
  EXPECT_EQ(exchange.request_at.end_offset, 9u);
}

TEST(ConnectionTracker, SecondRequestBeginsAtItsOwnOffset) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Receive("A1\n");
  wire.Send("Q2\n");
  wire.Receive("A2\n");
  EXPECT_EQ(wire.Pairs(), "1=1 2=2");
  EXPECT_EQ(wire.log.seen[1].exchange.request_at.begin_offset, 3u);
  EXPECT_EQ(wire.log.seen[1].exchange.request_at.sequence, 5003u);
}

TEST(ConnectionTracker, OneByteAtATime) {
  Wire wire;
  wire.Open();
  for (const char c : std::string("Q1+3\nxyz")) wire.Send(std::string(1, c));
  for (const char c : std::string("A1+2\nab")) wire.Receive(std::string(1, c));
  EXPECT_EQ(wire.Pairs(), "1=1");
}

TEST(ConnectionTracker, PipelinedResponsesPairInOrder) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\nQ2\nQ3\n");
  wire.Receive("A1\nA2");
  wire.Send("Q4\n");
  wire.Receive("\nA3\nA4\n");
  EXPECT_EQ(wire.Pairs(), "1=1 2=2 3=3 4=4");
}

TEST(ConnectionTracker, InterimResponseBelongsToTheOpenRequest) {
  Wire wire;
  wire.Open();
  wire.Send("Q1+2\n");
  wire.Receive("I1\n");
  const Nanoseconds interim = wire.now;
  wire.Send("ab");
  wire.Receive("A1\n");
  EXPECT_EQ(wire.Pairs(), "1=1");
  EXPECT_EQ(wire.log.seen[0].exchange.interim_ns, interim);
  EXPECT_EQ(wire.stages.pairing->out.Get(), 3u);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(ConnectionTracker, FinishEndsWhatIsOpen) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Receive("A");
  wire.tracker.Finish(wire.now + 5);
  EXPECT_EQ(wire.Pairs(), "1=-");
  EXPECT_EQ(wire.log.seen[0].ending, Ending::kStillOpen);
  EXPECT_EQ(wire.Dropped(wire.stages.stream, "at_exit"), 1u);
  for (const auto& stage : wire.ledger.stages()) EXPECT_EQ(stage->held.Get(), 0u) << stage->name();
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(ConnectionTracker, RequestTimesOut) {
  TrackerLimits limits;
  limits.request_timeout_ns = 10'000'000'000;
  Wire wire(limits);
  wire.Open();
  wire.Send("Q1\n");
  for (int i = 0; i < 40; ++i) wire.Tick(1'000'000'000);
  EXPECT_EQ(wire.Pairs(), "1=-");
  EXPECT_EQ(wire.log.seen[0].ending, Ending::kTimedOut);
  // The late answer is nobody's, the next one is right again.
  wire.Send("Q2\n");
  wire.Receive("A1\nA2\n");
  EXPECT_EQ(wire.Pairs(), "1=- 2=2");
  EXPECT_EQ(wire.Dropped(wire.stages.pairing, "orphan_response"), 1u);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(ConnectionTracker, OrphanResponseIsCounted) {
  Wire wire;
  wire.Open();
  wire.Receive("A9\n");
  wire.Send("Q1\n");
  wire.Receive("A1\n");
  EXPECT_EQ(wire.Pairs(), "1=1");
  EXPECT_EQ(wire.Dropped(wire.stages.pairing, "orphan_response"), 1u);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(ConnectionTracker, AmbiguousFramingEndsPairing) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Receive("A1\n");
  wire.Send("Q2\n!\n");
  wire.Receive("A2\n");
  EXPECT_EQ(wire.Pairs(), "1=1 2=-");
  EXPECT_EQ(wire.log.seen[1].ending, Ending::kLost);
  EXPECT_GT(wire.Dropped(wire.stages.stream, "ambiguous_framing"), 0u);
  EXPECT_EQ(wire.policies.sent.back().second.mode, Policy::Mode::kCount);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(ConnectionTracker, TunnelIsOnlyCounted) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Receive("A1\nT\n");
  wire.Send("\x16\x03Q2\n");
  EXPECT_EQ(wire.Pairs(), "1=1");
  EXPECT_EQ(wire.log.seen[0].ending, Ending::kAnswered);
  EXPECT_EQ(wire.policies.sent.back().second.mode, Policy::Mode::kCount);
  EXPECT_EQ(wire.Dropped(wire.stages.stream, "opaque"), 7u);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(ConnectionTracker, UnknownProtocolIsOnlyCounted) {
  Wire wire;
  wire.Open();
  wire.Send("\x16\x03\x01");
  wire.Receive("whatever");
  EXPECT_EQ(wire.Pairs(), "");
  ASSERT_EQ(wire.policies.sent.size(), 1u);
  EXPECT_EQ(wire.policies.sent[0].second.mode, Policy::Mode::kCount);
  EXPECT_EQ(wire.Dropped(wire.stages.stream, "undetected"), 11u);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(ConnectionTracker, DetectionWaitsWhileItMust) {
  Wire wire;
  wire.Open();
  wire.Send("?");
  EXPECT_TRUE(wire.policies.sent.empty());
  EXPECT_EQ(wire.tracker.held_bytes() > 0, true);
  wire.Close();
  EXPECT_EQ(wire.Dropped(wire.stages.stream, "unparsed"), 1u);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(ConnectionTracker, ServerSideIsRecognisedFromContent) {
  Wire wire;
  wire.Open();
  wire.Receive("Q1\n");
  wire.Send("A1\n");
  ASSERT_EQ(wire.Pairs(), "1=1");
  EXPECT_FALSE(wire.log.seen[0].exchange.is_client);
}

TEST(ConnectionTracker, UnknownConnectionIsCountedAndAskedForOnce) {
  Wire wire;
  wire.Send("Q1\n");
  wire.Receive("A1\n");
  EXPECT_EQ(wire.Dropped(wire.stages.connection, "unknown_connection"), 2u);
  ASSERT_EQ(wire.policies.sent.size(), 1u);
  EXPECT_NE(wire.policies.sent[0].second.reopen, 0u);
  // The kernel answers; the next turn is followed although earlier bytes are unknown.
  wire.Open();
  wire.Send("Q2\n");
  wire.Receive("A2\n");
  EXPECT_EQ(wire.Pairs(), "2=2");
  EXPECT_TRUE(wire.log.seen[0].exchange.connection->joined);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(ConnectionTracker, OwnConnectionsAndTheirOtherEndsAreIgnored) {
  Wire wire;
  model::ConnectionEvent event;
  event.change = ConnectionChange::kOpen;
  event.connection = Wire::Describe(1);
  std::swap(event.connection.local, event.connection.remote);
  wire.tracker.OnConnection(event);
  event.connection = Wire::Describe(2);
  event.connection.local = Wire::Describe(1).local;
  event.connection.self = true;
  wire.tracker.OnConnection(event);
  wire.Send("Q1\n", 1);
  wire.Send("Q1\n", 2);
  EXPECT_EQ(wire.log.requests, 0u);
  EXPECT_EQ(wire.policies.sent.size(), 2u);
  for (const auto& [id, policy] : wire.policies.sent) EXPECT_EQ(policy.mode, Policy::Mode::kIgnore);
  EXPECT_EQ(wire.Dropped(wire.stages.connection, "self"), 3u);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(ConnectionTracker, ProcessIsTheOneKnownWhenTheRequestBegan) {
  Wire wire;
  model::Process process;
  process.pid = 7;
  process.service_name = "shop";
  wire.tracker.OnProcess(process);
  wire.Open();
  wire.Send("Q1\n");
  process.service_name = "other";
  wire.tracker.OnProcess(process);
  wire.Receive("A1\n");
  EXPECT_EQ(wire.log.seen.at(0).exchange.process->service_name, "shop");
}

TEST(ConnectionTracker, UnknownProcessIsNoneUntilItIsKnown) {
  Wire wire;
  wire.Open();
  wire.Send("Q1\n");
  wire.Receive("A1\n");
  wire.Send("Q2\n");
  model::Process process;
  process.pid = 7;
  process.service_name = "shop";
  wire.tracker.OnProcess(process);
  wire.Receive("A2\n");
  EXPECT_EQ(wire.log.seen.at(0).exchange.process, nullptr);
  EXPECT_EQ(wire.log.seen.at(1).exchange.process->service_name, "shop");
}

TEST(ConnectionTracker, DatagramsAreNotStreams) {
  Wire wire;
  model::ConnectionEvent event;
  event.change = ConnectionChange::kOpen;
  event.connection = Wire::Describe(1);
  event.connection.transport = model::Transport::kUdp;
  wire.tracker.OnConnection(event);
  wire.Send("Q1\n");
  EXPECT_EQ(wire.Dropped(wire.stages.stream, "not_stream"), 3u);
  EXPECT_EQ(wire.Unbalanced(), "");
}

}  // namespace
}  // namespace spanwire::connection
