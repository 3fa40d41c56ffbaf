// SPDX-License-Identifier: Apache-2.0
// One scene a test: a process, operation by operation.
#include <gtest/gtest.h>

#include "tests/unit/trace/link_world.h"

namespace spanwire::trace::link {
namespace {

constexpr size_t kNobody = World::kNobody;

struct Scene {
  World world{1};
  uint64_t connection = 100;

  // A call on a new connection: connect() and the first byte by the same context.
  size_t Dial(size_t cause, const model::ExecutionContext& who) {
    world.Connect(++connection, who);
    return world.Send(cause, connection, false, who);
  }
  void ExpectNone(size_t call, Reason reason) {
    EXPECT_FALSE(world.link(call).parent);
    EXPECT_EQ(NameOf(world.link(call).reason), NameOf(reason));
    EXPECT_EQ(world.decisions(call), 1u);
  }
  void ExpectParent(size_t call, size_t request, Method method) {
    ASSERT_TRUE(world.link(call).parent);
    EXPECT_EQ(world.link(call).parent.index, request);
    EXPECT_EQ(NameOf(world.link(call).method), NameOf(method));
    EXPECT_GT(world.link(call).confidence, 0.9);
    EXPECT_EQ(world.decisions(call), 1u);
  }
};

TEST(TraceLinker, ACallOfAClientIsARoot) {
  Scene scene;
  const size_t call = scene.Dial(kNobody, Thread(1));
  scene.ExpectNone(call, Reason::kRoot);
}

TEST(TraceLinker, ACallBetweenRequestsIsARoot) {
  Scene scene;
  const size_t request = scene.world.Read(Thread(1));
  scene.world.Reply(request, Thread(1));
  scene.ExpectNone(scene.Dial(kNobody, Thread(1)), Reason::kRoot);
}

TEST(TraceLinker, AThreadsCallsBelongToItsRequest) {
  Scene scene;
  const size_t request = scene.world.Read(Thread(1));
  const size_t first = scene.Dial(request, Thread(1));
  scene.world.Answer(first, Thread(1));
  const size_t second = scene.world.Send(request, scene.connection, true, Thread(1));
  scene.world.Answer(second, Thread(1));
  EXPECT_EQ(scene.world.linker().undecided(), 2u);
  scene.world.Reply(request, Thread(1));
  scene.ExpectParent(first, request, Method::kThread);
  scene.ExpectParent(second, request, Method::kThread);
}

// An answer before it was lost, so the call is known when the gap is given up.
TEST(TraceLinker, ACallThatIsToldLateIsNotOfALaterRequest) {
  Scene scene;
  const size_t cause = scene.world.Read(Thread(1));
  const Nanoseconds begun = scene.world.now();
  scene.world.Reply(cause, Thread(1));
  scene.world.Pass(100);
  const size_t later = scene.world.Read(Thread(1));
  const Nanoseconds passed = scene.world.now() - begun;
  scene.world.GoBack(passed);
  const size_t call = scene.world.Send(cause, ++scene.connection, true, Thread(1));
  scene.world.Answer(call, Thread(1));
  scene.world.Pass(passed);
  scene.world.Reply(later, Thread(1));
  scene.ExpectNone(call, Reason::kNoEvidence);
}

TEST(TraceLinker, ACallOfAnotherThreadHasNoParent) {
  Scene scene;
  const size_t request = scene.world.Read(Thread(1));
  const size_t call = scene.Dial(kNobody, Thread(2));
  scene.world.Answer(call, Thread(2));
  scene.world.Reply(request, Thread(1));
  scene.ExpectNone(call, Reason::kNoEvidence);
}

TEST(TraceLinker, ACallAfterTheReplyHasNoParent) {
  Scene scene;
  const size_t other = scene.world.Read(Thread(2));
  const size_t request = scene.world.Read(Thread(1));
  scene.world.Reply(request, Thread(1));
  const size_t call = scene.Dial(kNobody, Thread(1));
  scene.world.Answer(call, Thread(1));
  scene.world.Reply(other, Thread(2));
  scene.ExpectNone(call, Reason::kNoEvidence);
}

TEST(TraceLinker, ATaskOwnsTheCallsBeforeItsReply) {
  Scene scene;
  const size_t first = scene.world.Read(Task(1));  // the loop's context reads for all
  const size_t second = scene.world.Read(Task(1));
  const size_t call = scene.Dial(second, Task(22));
  const size_t other = scene.Dial(first, Task(11));
  scene.world.Reply(second, Task(22));
  scene.world.Reply(first, Task(11));
  scene.ExpectParent(call, second, Method::kContext);
  scene.ExpectParent(other, first, Method::kContext);
}

TEST(TraceLinker, AReplyToALaterRequestClaimsNothing) {
  Scene scene;
  const size_t open = scene.world.Read(Task(1));
  const size_t call = scene.Dial(kNobody, Task(22));
  const size_t later = scene.world.Read(Task(1));
  scene.world.Reply(later, Task(22));
  scene.world.Reply(open, Task(11));
  scene.ExpectNone(call, Reason::kNoEvidence);
}

TEST(TraceLinker, AChildContextWorksForItsCreatorsRequest) {
  Scene scene;
  const size_t request = scene.world.Read(Task(10));
  const size_t call = scene.Dial(request, Task(20, 10));
  scene.world.Answer(call, Task(30, 20));
  scene.world.Reply(request, Task(10));
  scene.ExpectParent(call, request, Method::kCreator);
}

// What an event loop does for one request: reads it, calls at once, replies with the answer.
struct Flow {
  size_t request = 0;
  size_t call = 0;
};
Flow Begin(Scene& scene) {
  Flow flow;
  flow.request = scene.world.Read(Thread(1));
  flow.call = scene.world.Send(flow.request, ++scene.connection, true, Thread(1));
  return flow;
}
void End(Scene& scene, const Flow& flow) {
  scene.world.Answer(flow.call, Thread(1));
  scene.world.Reply(flow.request, Thread(1));
}
// Two requests at a time, `times` times.
void Prove(Scene& scene, int times) {
  for (int i = 0; i < times; ++i) {
    const Flow first = Begin(scene);
    const Flow second = Begin(scene);
    End(scene, first);
    End(scene, second);
  }
}

TEST(TraceLinker, AnEventLoopIsBelievedOnceProven) {
  Scene scene;
  Flow first = Begin(scene);
  Flow second = Begin(scene);
  End(scene, second);
  End(scene, first);
  EXPECT_EQ(scene.world.decisions(first.call), 0u);  // nothing speaks against it
  Prove(scene, 8);
  scene.ExpectParent(first.call, first.request, Method::kTick);
  first = Begin(scene);
  second = Begin(scene);
  End(scene, second);
  End(scene, first);
  scene.ExpectParent(first.call, first.request, Method::kTick);
  scene.ExpectParent(second.call, second.request, Method::kTick);
}

TEST(TraceLinker, AnEventLoopThatContradictsItselfIsNotBelieved) {
  Scene scene;
  const Flow first = Begin(scene);
  const Flow second = Begin(scene);
  End(scene, second);
  const Flow third = Begin(scene);
  scene.world.Reply(first.request, Thread(1));  // right after another request was read
  End(scene, third);
  scene.ExpectNone(second.call, Reason::kUnproven);
}

TEST(TraceLinker, WaitingForProofEnds) {
  Scene scene;
  const Flow first = Begin(scene);
  const Flow second = Begin(scene);
  End(scene, second);
  End(scene, first);
  scene.world.linker().Expire(scene.world.now() + 6'000'000'000);
  scene.ExpectNone(first.call, Reason::kUnproven);
}

TEST(TraceLinker, ChainedCallsOfAnEventLoopAreWalkedBack) {
  Scene scene;
  Prove(scene, 8);
  const Flow other = Begin(scene);
  const Flow flow = Begin(scene);
  scene.world.Answer(flow.call, Thread(1));
  const size_t second = scene.world.Send(flow.request, ++scene.connection, true, Thread(1));
  scene.world.Answer(second, Thread(1));
  scene.world.Reply(flow.request, Thread(1));
  End(scene, other);
  scene.ExpectParent(flow.call, flow.request, Method::kTick);
  scene.ExpectParent(second, flow.request, Method::kTick);
}

TEST(TraceLinker, ConflictingEvidenceGivesLinksInsteadOfAParent) {
  Scene scene;
  Prove(scene, 8);
  const size_t first = scene.world.Read(Thread(1));
  const size_t second = scene.world.Read(Thread(1));
  scene.world.Send(second, ++scene.connection, true, Thread(1));
  const Flow third = Begin(scene);
  scene.world.Answer(third.call, Thread(1));
  scene.world.Reply(first, Thread(1));  // and not to the third
  scene.world.Reply(second, Thread(1));
  scene.world.Reply(third.request, Thread(1));
  scene.ExpectNone(third.call, Reason::kAmbiguous);
  EXPECT_EQ(scene.world.link(third.call).candidates[0].index, third.request);
}

TEST(TraceLinker, WhatWasReadTogetherIsAmbiguous) {
  Scene scene;
  Prove(scene, 8);
  const size_t first = scene.world.Read(Thread(1));
  const size_t second = scene.world.Read(Thread(1));
  const size_t call = scene.world.Send(first, ++scene.connection, true, Thread(1));
  scene.world.Answer(call, Thread(1));
  scene.world.Reply(first, Thread(1));
  scene.world.Reply(second, Thread(1));
  scene.ExpectNone(call, Reason::kAmbiguous);
}

TEST(TraceLinker, ANewConnectionsCauseIsDecidedAtConnect) {
  Scene scene;
  Prove(scene, 8);
  const size_t first = scene.world.Read(Thread(1));
  scene.world.Connect(1, Thread(1));
  const size_t second = scene.world.Read(Thread(1));
  scene.world.Connect(2, Thread(1));
  // Established in the other order.
  const size_t of_second = scene.world.Send(second, 2, false, Thread(1));
  const size_t of_first = scene.world.Send(first, 1, false, Thread(1));
  End(scene, {first, of_first});
  End(scene, {second, of_second});
  scene.ExpectParent(of_first, first, Method::kTick);
  scene.ExpectParent(of_second, second, Method::kTick);
}

TEST(TraceLinker, ANewConnectionWhoseConnectWasLostHasNoCause) {
  Scene scene;
  const size_t request = scene.world.Read(Thread(1));
  const size_t call = scene.world.Send(request, 1, false, Thread(1));
  scene.world.Answer(call, Thread(1));
  scene.world.Reply(request, Thread(1));
  scene.ExpectNone(call, Reason::kNoEvidence);
}

TEST(TraceLinker, AUnixConnectionsFirstByteStandsForItsConnect) {
  struct Log final : LinkSink {
    void OnLink(Handle, const Link& link) override { links.push_back(link); }
    std::vector<Link> links;
  } log;
  TraceLinker linker(log);
  const Handle request = linker.RequestRead({.node = {50, 1}}, {Thread(1), 10});
  const Handle call =
      linker.CallBegun({.node = {60, 1}, .connection = 1, .at_once = true}, {Thread(1), 20});
  linker.CallAnswered(call, {Thread(1), 30});
  linker.CallEnded(call, {Thread(1), 30}, true);
  linker.ReplyBegun(request, {Thread(1), 40});
  ASSERT_EQ(log.links.size(), 1u);
  EXPECT_EQ(log.links[0].parent, (Handle{50, 1}));
}

TEST(TraceLinker, TheSameHeaderDecidesAtOnce) {
  Scene scene;
  const TraceLinker::Operation now{Thread(1), 5000};
  scene.world.linker().RequestRead({.node = {50, 1}, .header_hash = 99}, now);
  scene.world.linker().RequestRead({.node = {51, 1}, .header_hash = 98}, now);
  const size_t call = scene.Dial(kNobody, Thread(9));
  EXPECT_EQ(scene.world.decisions(call), 0u);
  struct Log final : LinkSink {
    void OnLink(Handle, const Link& link) override { links.push_back(link); }
    std::vector<Link> links;
  } log;
  TraceLinker linker(log);
  linker.RequestRead({.node = {50, 1}, .header_hash = 99}, now);
  linker.RequestRead({.node = {51, 1}, .header_hash = 98}, now);
  linker.CallBegun({.node = {60, 1}, .connection = 1, .reused = true, .header_hash = 98}, now);
  ASSERT_EQ(log.links.size(), 1u);
  EXPECT_EQ(log.links[0].parent, (Handle{51, 1}));
  EXPECT_EQ(log.links[0].method, Method::kHeader);
}

TEST(TraceLinker, AHeaderOfTwoOpenRequestsSaysNothing) {
  struct Log final : LinkSink {
    void OnLink(Handle, const Link& link) override { links.push_back(link); }
    std::vector<Link> links;
  } log;
  TraceLinker linker(log);
  const TraceLinker::Operation now{Thread(1), 5000};
  linker.RequestRead({.node = {50, 1}, .header_hash = 99}, now);
  linker.RequestRead({.node = {51, 1}, .header_hash = 99}, now);
  linker.CallBegun({.node = {60, 1}, .connection = 1, .reused = true, .header_hash = 99}, now);
  EXPECT_TRUE(log.links.empty());
  linker.Finish();
  EXPECT_EQ(log.links.size(), 1u);
}

TEST(TraceLinker, WaitingEnds) {
  Scene scene;
  const size_t request = scene.world.Read(Thread(1));
  const size_t call = scene.Dial(request, Thread(1));
  scene.world.Answer(call, Thread(1));
  scene.world.linker().Expire(scene.world.now() + 4'000'000'000);
  EXPECT_EQ(scene.world.decisions(call), 0u);
  scene.world.linker().Expire(scene.world.now() + 6'000'000'000);
  scene.ExpectNone(call, Reason::kWaited);
}

TEST(TraceLinker, TheUndecidedAreBounded) {
  struct Log final : LinkSink {
    void OnLink(Handle, const Link& link) override {
      evicted += link.reason == Reason::kEvicted ? 1 : 0;
      ++all;
    }
    size_t evicted = 0;
    size_t all = 0;
  } log;
  TraceLinker linker(log, {.max_calls = 10});
  const TraceLinker::Operation now{Thread(1), 5000};
  linker.RequestRead({.node = {50, 1}}, now);
  for (uint32_t i = 0; i < 30; ++i) {
    linker.CallBegun({.node = {i, 1}, .connection = i, .reused = true}, now);
  }
  EXPECT_EQ(linker.undecided(), 10u);
  EXPECT_EQ(log.evicted, 20u);
  linker.Finish();
  EXPECT_EQ(log.all, 30u);
}

TEST(TraceLinker, ContextsAreBounded) {
  struct Log final : LinkSink {
    void OnLink(Handle, const Link&) override {}
  } log;
  TraceLinker linker(log, {.max_contexts = 100});
  Nanoseconds now = 1'000'000'000;
  for (uint32_t i = 0; i < 2000; ++i) {
    const TraceLinker::Operation operation{Task(100 + i), now += 1'000'000};
    const Handle request = linker.RequestRead({.node = {i, 1}}, operation);
    linker.ReplyBegun(request, operation);
    linker.ReplyEnded(request, operation, true);
  }
  EXPECT_LE(linker.contexts(), 201u);
}

TEST(TraceLinker, OneLongRequestDoesNotHoldTheCallsOfOthers) {
  Scene scene;
  scene.world.Read(Thread(9));  // never answered
  for (int i = 0; i < 20; ++i) {
    const size_t request = scene.world.Read(Thread(1));
    const size_t call = scene.Dial(request, Thread(1));
    scene.world.Answer(call, Thread(1));
    scene.world.Reply(request, Thread(1));
    if (i > 8) scene.ExpectParent(call, request, Method::kThread);
  }
}

}  // namespace
}  // namespace spanwire::trace::link
