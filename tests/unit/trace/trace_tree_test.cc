// SPDX-License-Identifier: Apache-2.0
// Whole traces of one host: a client, a proxy that asks upstream, and the server behind it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <string>

#include "tests/unit/trace/trace_stage_fixture.h"

namespace spanwire::trace {
namespace {

namespace key = model::key;
using model::Exchange;
using model::IsZero;
using model::Span;
using model::StepKind;

class TraceTreeTest : public TraceStageTest {
 protected:
  static constexpr uint32_t kClient = 100;
  static constexpr uint32_t kProxy = 200;
  static constexpr uint32_t kServer = 300;

  // Both ends of a connection to `port`, which is the proxy's (80) or the server's (90).
  struct Ends {
    model::Connection asking;
    model::Connection serving;
  };
  const Ends& Connect(uint16_t port) {
    Ends& ends = ends_.emplace_back();
    ends.asking = ClientEnd();
    ends.asking.id = ++ids_;
    ends.asking.local.port = static_cast<uint16_t>(40'000 + ids_);
    ends.asking.remote.port = port;
    ends.serving = ServerEnd();
    ends.serving.id = ++ids_;
    ends.serving.local = ends.asking.remote;
    ends.serving.remote = ends.asking.local;
    return ends;
  }

  // An exchange that begins now, of thread `pid`.
  Exchange Make(const model::Connection& connection, uint32_t pid) {
    Exchange exchange = MakeExchange(connection, 1);
    exchange.request_at.who = exchange.request_at.last_who = {.pid = pid, .tid = pid};
    exchange.request_at.first_ns = exchange.request_at.last_ns = ++now_;
    return exchange;
  }
  Exchange Begin(const model::Connection& connection, uint32_t pid) {
    Exchange exchange = Make(connection, pid);
    stage.OnRequest(exchange);
    return exchange;
  }
  void Connected(const model::Connection& connection, uint32_t pid) {
    model::Step step;
    step.is_client = true;
    step.connection = connection.id;
    step.time_ns = ++now_;
    step.who = {.pid = pid, .tid = pid};
    stage.OnStep(step);
  }
  void Answer(const Exchange& exchange) {
    model::Step step;
    step.kind = StepKind::kResponse;
    step.is_client = exchange.is_client;
    step.connection = exchange.connection->id;
    step.time_ns = ++now_;
    step.who = exchange.request_at.who;
    stage.OnStep(step);
  }
  void End(Exchange& exchange) {
    exchange.response_at.first_ns = exchange.response_at.last_ns = now_;
    exchange.response_at.who = exchange.response_at.last_who = exchange.request_at.who;
    exchange.ended_ns = now_;
    stage.OnExchange(exchange);
  }
  void AnswerAndEnd(Exchange& exchange) {
    Answer(exchange);
    End(exchange);
  }

  const Span& SpanOf(const Exchange& exchange, uint16_t port) {
    const auto kind = exchange.is_client ? model::SpanKind::kClient : model::SpanKind::kServer;
    const std::string_view which =
        exchange.is_client ? key::kNetworkPeerPort : key::kNetworkLocalPort;
    const auto found = std::ranges::find_if(log.spans, [&](const Span& span) {
      return span.kind == kind && span.attributes.Int(which, 0) == port;
    });
    EXPECT_NE(found, log.spans.end());
    static const Span kNone;
    return found == log.spans.end() ? kNone : *found;
  }

  std::deque<Ends> ends_;
  uint64_t ids_ = 10;
  Nanoseconds now_ = 1000;
};

TEST_F(TraceTreeTest, TwoHopsAreOneTrace) {
  const Ends& front = Connect(80);
  const Ends& back = Connect(90);
  Exchange asked = Begin(front.asking, kClient);
  Exchange served = Begin(front.serving, kProxy);
  Connected(back.asking, kProxy);
  Exchange call = Begin(back.asking, kProxy);
  Exchange end = Begin(back.serving, kServer);
  AnswerAndEnd(end);
  AnswerAndEnd(call);
  EXPECT_TRUE(log.spans.empty());
  EXPECT_EQ(ledger.stages()[0]->held.Get(), 2u);
  ExpectBalance();
  Answer(served);
  EXPECT_EQ(log.spans.size(), 2u);
  End(served);
  AnswerAndEnd(asked);
  ASSERT_EQ(log.spans.size(), 4u);
  ExpectBalance();
  const Span& root = SpanOf(asked, 80);
  EXPECT_TRUE(IsZero(root.parent_span_id));
  EXPECT_EQ(SpanOf(served, 80).parent_span_id, root.span_id);
  EXPECT_EQ(SpanOf(call, 90).parent_span_id, SpanOf(served, 80).span_id);
  EXPECT_FALSE(SpanOf(call, 90).parent_is_remote);
  EXPECT_EQ(SpanOf(end, 90).parent_span_id, SpanOf(call, 90).span_id);
  for (const Span& span : log.spans) EXPECT_EQ(span.trace_id, root.trace_id);
  EXPECT_EQ(SpanOf(call, 90).attributes.Text(key::kLinkMethod), "thread");
  EXPECT_TRUE(SpanOf(call, 90).attributes.Has(key::kLinkConfidence));
}

TEST_F(TraceTreeTest, ARootLeavesAtOnce) {
  const Ends& front = Connect(80);
  Exchange asked = Begin(front.asking, kClient);
  AnswerAndEnd(asked);
  EXPECT_EQ(log.spans.size(), 1u);
  EXPECT_FALSE(Only().attributes.Has(key::kLinkReason));
}

TEST_F(TraceTreeTest, ACallThatNobodyOwnsSaysWhy) {
  const Ends& front = Connect(80);
  const Ends& back = Connect(90);
  Exchange served = Begin(front.serving, kProxy);
  Exchange call = Make(back.asking, kProxy);
  call.request_at.who.tid = call.request_at.last_who.tid = kProxy + 1;
  stage.OnRequest(call);
  AnswerAndEnd(call);
  AnswerAndEnd(served);
  stage.Finish();
  const Span& span = SpanOf(call, 90);
  EXPECT_TRUE(IsZero(span.parent_span_id));
  EXPECT_EQ(span.attributes.Text(key::kLinkReason), "no_evidence");
}

TEST_F(TraceTreeTest, ACallWaitsForItsReplyOnlySoLong) {
  const Ends& front = Connect(80);
  const Ends& back = Connect(90);
  Exchange served = Begin(front.serving, kProxy);
  Connected(back.asking, kProxy);
  Exchange call = Begin(back.asking, kProxy);
  AnswerAndEnd(call);
  Tick(4'000'000'000);
  EXPECT_TRUE(log.spans.empty());
  Tick(6'000'000'000);
  EXPECT_EQ(Only().attributes.Text(key::kLinkReason), "waited");
  const auto trace = Only().trace_id;
  now_ = 6'000'000'001;
  AnswerAndEnd(served);
  stage.Finish();
  EXPECT_NE(SpanOf(served, 80).trace_id, trace);
  ExpectBalance();
}

TEST_F(TraceTreeTest, WhatHangsBelowLeavesWithTheTraceIdThatItsParentLeftWith) {
  const Ends& front = Connect(80);
  const Ends& back = Connect(90);
  Exchange served = Begin(front.serving, kProxy);
  Connected(back.asking, kProxy);
  Exchange call = Begin(back.asking, kProxy);
  Exchange end = Begin(back.serving, kServer);
  AnswerAndEnd(end);
  AnswerAndEnd(call);
  Tick(6'000'000'000);
  EXPECT_EQ(SpanOf(end, 90).trace_id, SpanOf(call, 90).trace_id);
  EXPECT_EQ(SpanOf(end, 90).parent_span_id, SpanOf(call, 90).span_id);
  EXPECT_TRUE(IsZero(SpanOf(call, 90).parent_span_id));
}

TEST_F(TraceTreeTest, WaitingSpansAreBounded) {
  TraceLimits limits;
  limits.max_waiting_spans = 4;
  Ledger other;
  TraceStage small(other.AddStage("span", "spans"), log, limits);
  const Ends& front = Connect(80);
  const Exchange served = Make(front.serving, kProxy);
  small.OnRequest(served);
  for (int i = 0; i < 20; ++i) {
    Exchange call = Make(Connect(90).asking, kProxy);
    small.OnRequest(call);
    small.OnExchange(call);
    EXPECT_LE(other.stages()[0]->held.Get(), 4u);
    EXPECT_TRUE(other.stages()[0]->Balanced());
  }
  EXPECT_EQ(log.spans.size(), 16u);
  small.Finish();
  EXPECT_EQ(log.spans.size(), 20u);
}

// An event loop serves two requests at a time: only after some of them is it believed.
TEST_F(TraceTreeTest, ACallMayFindItsParentAfterThatHasLeft) {
  std::deque<Exchange> served;
  std::deque<Exchange> calls;
  for (int round = 0; round < 9; ++round) {
    for (int i = 0; i < 2; ++i) {
      served.push_back(Begin(Connect(80).serving, kProxy));
      const Ends& back = Connect(90);
      Connected(back.asking, kProxy);
      calls.push_back(Begin(back.asking, kProxy));
    }
    for (size_t i = served.size() - 2; i < served.size(); ++i) {
      AnswerAndEnd(calls[i]);
      AnswerAndEnd(served[i]);
    }
    if (round == 0) Tick(100'000'000);
    now_ = std::max<Nanoseconds>(now_, 100'000'000);
    if (round == 0) EXPECT_EQ(log.spans.size(), 2u);
  }
  Tick(1'000'000'000);
  EXPECT_EQ(log.spans.size(), 36u);
  ExpectBalance();
  const auto is_call = [](const Span& span) { return span.kind == model::SpanKind::kClient; };
  for (const Span& call : log.spans) {
    if (!is_call(call)) continue;
    const auto parent = std::ranges::find(log.spans, call.parent_span_id, &Span::span_id);
    ASSERT_NE(parent, log.spans.end());
    EXPECT_EQ(parent->trace_id, call.trace_id);
    EXPECT_EQ(call.attributes.Text(key::kLinkMethod), "tick");
  }
}

model::TraceContext Header(uint8_t mark) {
  model::TraceContext context;
  context.trace_id.fill(mark);
  context.span_id.fill(mark);
  context.flags = 1;
  context.valid = true;
  context.source = "b3";
  return context;
}

TEST_F(TraceTreeTest, AHeaderThatIsHandedOnNamesTheRequest) {
  const Ends& front = Connect(80);
  const Ends& back = Connect(90);
  Exchange served = Make(front.serving, kProxy);
  served.request.context = Header(0xab);
  stage.OnRequest(served);
  Exchange other = Begin(Connect(80).serving, kProxy);
  Exchange call = Make(back.asking, kProxy);
  call.request.context = Header(0xab);
  stage.OnRequest(call);
  AnswerAndEnd(call);
  AnswerAndEnd(served);
  AnswerAndEnd(other);
  Tick(1'000'000'000);
  stage.Finish();
  const Span& span = SpanOf(call, 90);
  EXPECT_EQ(span.parent_span_id, SpanOf(served, 80).span_id);
  EXPECT_EQ(span.trace_id, Header(0xab).trace_id);
  EXPECT_EQ(span.attributes.Text(key::kLinkMethod), "header");
  EXPECT_EQ(SpanOf(served, 80).attributes.Text(key::kLinkMethod), "b3");
}

// An SDK in the proxy made a span of its own and wrote that one's id.
TEST_F(TraceTreeTest, AnInstrumentedServiceIsNotDoubled) {
  const Ends& back = Connect(90);
  Exchange served = Make(Connect(80).serving, kProxy);
  served.request.context = Header(0xab);
  stage.OnRequest(served);
  Exchange call = Make(back.asking, kProxy);
  call.request.context = Header(0xab);
  call.request.context.span_id.fill(0xcd);
  stage.OnRequest(call);
  Exchange end = Make(back.serving, kServer);
  end.request.context = call.request.context;
  stage.OnRequest(end);
  AnswerAndEnd(end);
  AnswerAndEnd(call);
  AnswerAndEnd(served);
  stage.Finish();
  EXPECT_EQ(SpanOf(call, 90).parent_span_id, call.request.context.span_id);
  EXPECT_EQ(SpanOf(end, 90).parent_span_id, SpanOf(call, 90).span_id);
  EXPECT_EQ(SpanOf(end, 90).trace_id, Header(0xab).trace_id);
  EXPECT_EQ(stage.links().disagreements(), 0u);
}

TEST_F(TraceTreeTest, TheHeaderWinsAndTheDisagreementIsCounted) {
  const Ends& back = Connect(90);
  Exchange served = Begin(Connect(80).serving, kProxy);
  Connected(back.asking, kProxy);
  Exchange call = Make(back.asking, kProxy);
  call.request.context = Header(0xee);
  stage.OnRequest(call);
  AnswerAndEnd(call);
  AnswerAndEnd(served);
  stage.Finish();
  EXPECT_EQ(SpanOf(call, 90).trace_id, Header(0xee).trace_id);
  EXPECT_EQ(SpanOf(call, 90).parent_span_id, Header(0xee).span_id);
  EXPECT_EQ(stage.links().disagreements(), 1u);
}

TEST_F(TraceTreeTest, ARequestIdThatIsHandedOnNamesTheRequest) {
  Exchange served = Make(Connect(80).serving, kProxy);
  served.request.request_id = 77;
  stage.OnRequest(served);
  Exchange call = Make(Connect(90).asking, kProxy);
  call.request.request_id = 77;
  stage.OnRequest(call);
  AnswerAndEnd(call);
  AnswerAndEnd(served);
  stage.Finish();
  EXPECT_EQ(SpanOf(call, 90).parent_span_id, SpanOf(served, 80).span_id);
  EXPECT_EQ(SpanOf(call, 90).trace_id, SpanOf(served, 80).trace_id);
}

// A process that asks itself: the request that it serves then is no cause of the call.
TEST_F(TraceTreeTest, ACallIsNotTheChildOfTheRequestThatItMade) {
  const Ends& self = Connect(80);
  Exchange outer = Begin(Connect(81).serving, kProxy);
  Exchange call = Make(self.asking, kProxy);
  call.request.request_id = 5;
  Exchange inner = Make(self.serving, kProxy);
  inner.request.request_id = 5;
  stage.OnRequest(inner);  // its record came first
  stage.OnRequest(call);
  AnswerAndEnd(inner);
  AnswerAndEnd(call);
  AnswerAndEnd(outer);
  stage.Finish();
  EXPECT_EQ(SpanOf(inner, 80).parent_span_id, SpanOf(call, 80).span_id);
  EXPECT_NE(SpanOf(call, 80).parent_span_id, SpanOf(inner, 80).span_id);
  ExpectBalance();
}

TEST_F(TraceTreeTest, ParentsAreCountedByProcess) {
  const Ends& front = Connect(80);
  Exchange asked = Begin(front.asking, kClient);
  Exchange served = Begin(front.serving, kProxy);
  AnswerAndEnd(served);
  AnswerAndEnd(asked);
  ASSERT_EQ(stage.links().processes().size(), 1u);  // the maker gives both the same
  const ProcessLinks links = stage.links().processes()[0];
  EXPECT_EQ(links.service, "shop");
  ASSERT_EQ(links.spans.size(), 2u);
  EXPECT_EQ(links.spans[0], (std::pair<std::string_view, uint64_t>("sequence", 1)));
  EXPECT_EQ(links.spans[1], (std::pair<std::string_view, uint64_t>("root", 1)));
}

}  // namespace
}  // namespace spanwire::trace
