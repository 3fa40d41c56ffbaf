// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/trace_stage.h"

#include <gtest/gtest.h>

#include "tests/unit/trace/trace_stage_fixture.h"

namespace spanwire::trace {
namespace {

namespace key = model::key;
using model::IsZero;

TEST_F(TraceStageTest, ServerBecomesChildOfItsLocalClient) {
  model::Exchange sent = MakeExchange(client);
  model::Exchange received = MakeExchange(server);
  stage.OnRequest(sent);
  stage.OnRequest(received);
  stage.OnExchange(received);
  stage.OnExchange(sent);
  ASSERT_EQ(log.spans.size(), 2u);
  const model::Span& child = log.spans[0];
  const model::Span& parent = log.spans[1];
  EXPECT_EQ(child.trace_id, parent.trace_id);
  EXPECT_EQ(child.parent_span_id, parent.span_id);
  EXPECT_NE(child.span_id, parent.span_id);
  EXPECT_TRUE(child.parent_is_remote);
  EXPECT_EQ(child.attributes.Text(key::kLinkMethod), "sequence");
}

TEST_F(TraceStageTest, ServerThatCameFirstWaitsForItsClient) {
  model::Exchange sent = MakeExchange(client);
  model::Exchange received = MakeExchange(server);
  Run(received);
  EXPECT_EQ(log.spans.size(), 0u);
  EXPECT_EQ(ledger.stages()[0]->held.Get(), 1u);
  ExpectBalance();
  stage.OnRequest(sent);
  ASSERT_EQ(log.spans.size(), 1u);
  stage.OnExchange(sent);
  EXPECT_EQ(log.spans[0].parent_span_id, log.spans[1].span_id);
  EXPECT_EQ(log.spans[0].trace_id, log.spans[1].trace_id);
  ExpectBalance();
}

TEST_F(TraceStageTest, AnAnswerThatTakesLongHasItsParentAllTheSame) {
  model::Exchange sent = MakeExchange(client);
  model::Exchange received = MakeExchange(server);
  stage.OnRequest(sent);
  stage.OnRequest(received);
  Tick(60'000'000'000);
  stage.OnExchange(received);
  EXPECT_FALSE(IsZero(Only().parent_span_id));
}

TEST_F(TraceStageTest, SpansOfAnUnknownProcessHaveOneResource) {
  model::Exchange first = MakeExchange(client, 1);
  model::Exchange second = MakeExchange(client, 2);
  first.process = second.process = nullptr;
  Run(first);
  Run(second);
  EXPECT_EQ(log.spans[0].process->service_name, "unknown_service");
  EXPECT_EQ(log.spans[0].process->pid, 12u);
  EXPECT_EQ(log.spans[0].process, log.spans[1].process);
}

TEST_F(TraceStageTest, WaitEndsWithTime) {
  model::Exchange received = MakeExchange(server);
  Run(received);
  Tick(40'000'000);
  EXPECT_EQ(log.spans.size(), 0u);
  Tick(60'000'000);
  EXPECT_TRUE(IsZero(Only().parent_span_id));
  ExpectBalance();
}

TEST_F(TraceStageTest, FinishHandsOnWhatWaits) {
  model::Exchange received = MakeExchange(server);
  Run(received);
  stage.Finish();
  EXPECT_EQ(log.spans.size(), 1u);
  ExpectBalance();
}

TEST_F(TraceStageTest, WaitingIsBounded) {
  TraceLimits limits;
  limits.max_waiting_spans = 2;
  Ledger other;
  TraceStage small(other.AddStage("span", "spans"), log, limits);
  for (uint32_t i = 0; i < 5; ++i) {
    model::Exchange received = MakeExchange(server, i);
    small.OnRequest(received);
    small.OnExchange(received);
  }
  EXPECT_EQ(log.spans.size(), 3u);
  EXPECT_TRUE(other.stages()[0]->Balanced());
}

TEST_F(TraceStageTest, ARemoteClientIsNotWaitedFor) {
  const model::Connection remote = Remote(server);
  model::Exchange received = MakeExchange(remote);
  Run(received);
  EXPECT_TRUE(IsZero(Only().parent_span_id));
}

TEST_F(TraceStageTest, AnAddressSeenAsLocalMayBeTheClients) {
  model::Connection container = client;
  container.local.address = {10, 0, 0, 5};
  model::Exchange other = MakeExchange(container, 1);
  Run(other);
  model::Connection from_container = server;
  from_container.remote.address = {10, 0, 0, 5};
  model::Exchange received = MakeExchange(from_container, 2);
  Run(received);
  EXPECT_EQ(log.spans.size(), 1u);
}

TEST_F(TraceStageTest, AnotherSequenceIsAnotherRequest) {
  model::Exchange sent = MakeExchange(client, 77);
  model::Exchange received = MakeExchange(server, 78);
  stage.OnRequest(sent);
  Run(received);
  stage.Finish();
  EXPECT_TRUE(IsZero(Only().parent_span_id));
}

TEST_F(TraceStageTest, LoopbackOfAnotherNamespaceIsAnotherHost) {
  model::Connection elsewhere = server;
  elsewhere.netns = 8;
  model::Exchange sent = MakeExchange(client);
  model::Exchange received = MakeExchange(elsewhere);
  stage.OnRequest(sent);
  Run(received);
  stage.Finish();
  EXPECT_TRUE(IsZero(Only().parent_span_id));
}

TEST_F(TraceStageTest, MappedIpv4MeetsIpv4) {
  model::Connection dual = server;
  dual.ipv6 = true;
  dual.local.address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1};
  dual.remote.address = dual.local.address;
  model::Exchange sent = MakeExchange(client);
  model::Exchange received = MakeExchange(dual);
  stage.OnRequest(sent);
  Run(received);
  EXPECT_FALSE(IsZero(Only().parent_span_id));
  EXPECT_EQ(Only().attributes.Text(key::kNetworkType), "ipv4");
}

model::Connection UnixEnd(bool is_client) {
  model::Connection connection;
  connection.transport = model::Transport::kUnix;
  connection.role = is_client ? model::Role::kClient : model::Role::kServer;
  connection.inode = is_client ? 500 : 501;
  connection.peer_inode = is_client ? 501 : 500;
  connection.path = "/run/app.sock";
  return connection;
}

TEST_F(TraceStageTest, UnixSocketsMeetByInodeAndOffset) {
  const model::Connection near = UnixEnd(true);
  const model::Connection far = UnixEnd(false);
  model::Exchange sent = MakeExchange(near, 0);
  model::Exchange received = MakeExchange(far, 0);
  sent.request_at.begin_offset = received.request_at.begin_offset = 10;
  stage.OnRequest(sent);
  Run(received);
  const model::Span& span = Only();
  EXPECT_FALSE(IsZero(span.parent_span_id));
  EXPECT_EQ(span.attributes.Text(key::kNetworkTransport), "unix");
  EXPECT_EQ(span.attributes.Text(key::kNetworkLocalAddress), "/run/app.sock");
  EXPECT_FALSE(span.attributes.Has(key::kNetworkPeerPort));
}

TEST_F(TraceStageTest, JoinedUnixSocketsNeverMeet) {
  model::Connection near = UnixEnd(true);
  model::Connection far = UnixEnd(false);
  near.joined = far.joined = true;
  model::Exchange sent = MakeExchange(near, 0);
  model::Exchange received = MakeExchange(far, 0);
  stage.OnRequest(sent);
  Run(received);
  EXPECT_TRUE(IsZero(Only().parent_span_id));
  EXPECT_TRUE(Only().attributes.Has(key::kJoined));
}

TEST_F(TraceStageTest, UnixClientWithoutHostIsNamedByPath) {
  const model::Connection near = UnixEnd(true);
  model::Exchange sent = MakeExchange(near, 0);
  sent.request.attributes.SetDynamic("~host", "");
  Run(sent);
  EXPECT_EQ(Only().attributes.Text(key::kServerAddress), "/run/app.sock");
  EXPECT_EQ(Only().attributes.Text(key::kNetworkPeerAddress), "/run/app.sock");
}

model::TraceContext Header() {
  model::TraceContext context;
  context.trace_id.fill(0xab);
  context.span_id.fill(0xcd);
  context.flags = 3;
  context.valid = true;
  context.source = "traceparent";
  context.trace_state = "a=b";
  return context;
}

TEST_F(TraceStageTest, TraceparentIsHonouredAtBothEnds) {
  model::Exchange sent = MakeExchange(client);
  model::Exchange received = MakeExchange(server);
  sent.request.context = received.request.context = Header();
  stage.OnRequest(sent);
  Run(received);
  stage.OnExchange(sent);
  ASSERT_EQ(log.spans.size(), 2u);
  const model::Span& child = log.spans[0];
  const model::Span& parent = log.spans[1];
  EXPECT_EQ(parent.trace_id, Header().trace_id);
  EXPECT_EQ(parent.parent_span_id, Header().span_id);
  EXPECT_EQ(parent.trace_flags, 3);
  EXPECT_EQ(parent.trace_state, "a=b");
  EXPECT_EQ(parent.attributes.Text(key::kLinkMethod), "traceparent");
  EXPECT_EQ(child.trace_id, Header().trace_id);
  EXPECT_EQ(child.parent_span_id, parent.span_id);
  EXPECT_EQ(child.trace_state, "a=b");
  EXPECT_EQ(child.attributes.Text(key::kLinkMethod), "sequence");
}

TEST_F(TraceStageTest, RemoteTraceparentIsTheServersParent) {
  const model::Connection remote = Remote(server);
  model::Exchange received = MakeExchange(remote);
  received.request.context = Header();
  Run(received);
  EXPECT_EQ(Only().trace_id, Header().trace_id);
  EXPECT_EQ(Only().parent_span_id, Header().span_id);
  EXPECT_TRUE(Only().parent_is_remote);
}

TEST_F(TraceStageTest, IdsAreFunctionsOfTheRequest) {
  model::Exchange first = MakeExchange(client, 1);
  model::Exchange again = MakeExchange(client, 1);
  model::Exchange other = MakeExchange(client, 2);
  Run(first);
  Run(again);
  Run(other);
  EXPECT_EQ(log.spans[0].trace_id, log.spans[1].trace_id);
  EXPECT_EQ(log.spans[0].span_id, log.spans[1].span_id);
  EXPECT_NE(log.spans[0].trace_id, log.spans[2].trace_id);
  EXPECT_NE(log.spans[0].span_id, log.spans[2].span_id);
  EXPECT_FALSE(IsZero(log.spans[0].span_id));
}

}  // namespace
}  // namespace spanwire::trace
