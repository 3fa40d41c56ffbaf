// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/link/rules.h"

#include <gtest/gtest.h>

namespace spanwire::trace::link {
namespace {

constexpr Handle kA{1, 1};
constexpr Handle kB{2, 1};

// A process whose evidence has agreed `times` times.
Traits Proven(uint32_t times) {
  Traits traits;
  for (uint32_t i = 0; i < times; ++i) {
    traits.threads.Add(true);
    traits.ticks.Add(true);
    traits.replies.Add(true);
    traits.created.Add(true);
  }
  return traits;
}

TEST(HeaderRule, TheRequestWithTheSameHeaderIsTheCause) {
  Evidence evidence;
  EXPECT_FALSE(HeaderRule().Judge(evidence, {}));
  evidence.header = kA;
  EXPECT_EQ(HeaderRule().Judge(evidence, {})->request, kA);
}

Evidence OwnContext() {
  Evidence evidence;
  evidence.own_context = true;
  evidence.replied = kA;
  return evidence;
}

TEST(ContextRule, CallsBelongToTheReplyOfTheirContext) {
  EXPECT_EQ(ContextRule().Judge(OwnContext(), {})->request, kA);
}

TEST(ContextRule, WaitsForTheReply) {
  Evidence evidence = OwnContext();
  evidence.replied = {};
  EXPECT_FALSE(ContextRule().Judge(evidence, {}));
}

TEST(ContextRule, AbstainsWhenTheContextServedAnotherRequest) {
  Evidence evidence = OwnContext();
  evidence.sole = kB;
  EXPECT_FALSE(ContextRule().Judge(evidence, {}));
}

TEST(ContextRule, IsNotForThreads) {
  Evidence evidence = OwnContext();
  evidence.own_context = false;
  EXPECT_FALSE(ContextRule().Judge(evidence, {}));
}

Evidence Inherited() {
  Evidence evidence = OwnContext();
  evidence.inherited = true;
  evidence.sole = kA;
  return evidence;
}

TEST(CreatorRule, ANewConnectionDialledForTheRequestCarriesItsCall) {
  EXPECT_EQ(CreatorRule().Judge(Inherited(), Proven(8))->request, kA);
  EXPECT_FALSE(ContextRule().Judge(Inherited(), Proven(8)));
}

TEST(CreatorRule, AbstainsWhereConnectionsAreReused) {
  Evidence reused = Inherited();
  reused.reused = true;
  EXPECT_FALSE(CreatorRule().Judge(reused, Proven(8)));
  Traits pooled = Proven(100);
  pooled.created.Add(false);
  EXPECT_FALSE(CreatorRule().Judge(Inherited(), pooled));
}

TEST(CreatorRule, NeedsTheReplyOfTheSameRequest) {
  Evidence evidence = Inherited();
  evidence.replied = kB;
  EXPECT_FALSE(CreatorRule().Judge(evidence, Proven(8)));
}

Evidence OfThread() {
  Evidence evidence;
  evidence.sole = evidence.replied = kA;
  evidence.alone = true;
  return evidence;
}

TEST(ThreadRule, OneThreadReadsCallsAndReplies) {
  EXPECT_EQ(ThreadRule().Judge(OfThread(), {})->request, kA);
}

TEST(ThreadRule, AbstainsFromCallsThatOverlap) {
  Evidence evidence = OfThread();
  evidence.overlapped = true;
  EXPECT_FALSE(ThreadRule().Judge(evidence, {}));
}

TEST(ThreadRule, AbstainsWhenAnotherThreadReadTheAnswer) {
  Evidence evidence = OfThread();
  evidence.same_context = false;
  EXPECT_FALSE(ThreadRule().Judge(evidence, {}));
}

TEST(ThreadRule, AbstainsWhenTheThreadRepliedToAnother) {
  Evidence evidence = OfThread();
  evidence.replied = kB;
  EXPECT_FALSE(ThreadRule().Judge(evidence, {}));
}

TEST(ThreadRule, MustBeProvenWhereRequestsOverlap) {
  Evidence evidence = OfThread();
  evidence.alone = false;
  EXPECT_FALSE(ThreadRule().Judge(evidence, Proven(7)));
  EXPECT_TRUE(ThreadRule().Judge(evidence, Proven(8)));
  Traits wandering = Proven(100);
  wandering.threads.Add(false);
  EXPECT_FALSE(ThreadRule().Judge(evidence, wandering));
}

Evidence OfLoop() {
  Evidence evidence;
  evidence.forward = evidence.backward = kA;
  return evidence;
}

TEST(TickRule, ForwardAndBackwardMustAgree) {
  EXPECT_EQ(TickRule().Judge(OfLoop(), Proven(8))->request, kA);
  Evidence evidence = OfLoop();
  evidence.backward = kB;
  EXPECT_FALSE(TickRule().Judge(evidence, Proven(8)));
  evidence.backward = {};
  EXPECT_FALSE(TickRule().Judge(evidence, Proven(8)));
}

TEST(TickRule, AbstainsWhereSeveralThingsHadBeenRead) {
  Evidence evidence = OfLoop();
  evidence.several = true;
  EXPECT_FALSE(TickRule().Judge(evidence, Proven(8)));
}

TEST(TickRule, AbstainsWhereTheAnswerLedToTwoReplies) {
  Evidence evidence = OfLoop();
  evidence.contradictory = true;
  EXPECT_FALSE(TickRule().Judge(evidence, Proven(8)));
}

TEST(TickRule, MustBeProvenWhereRequestsOverlap) {
  EXPECT_FALSE(TickRule().Judge(OfLoop(), Proven(7)));
  Traits batching = Proven(100);
  batching.ticks.Add(false);
  EXPECT_FALSE(TickRule().Judge(OfLoop(), batching));
  Evidence alone = OfLoop();
  alone.alone = true;
  EXPECT_TRUE(TickRule().Judge(alone, {}));
}

Evidence Queued() {
  Evidence evidence;
  evidence.backward = kA;
  evidence.reused = true;
  return evidence;
}

TEST(AnswerRule, NeedsALongRecord) {
  EXPECT_FALSE(AnswerRule().Judge(Queued(), Proven(63)));
  EXPECT_EQ(AnswerRule().Judge(Queued(), Proven(64))->request, kA);
}

TEST(AnswerRule, ForwardEvidenceStandsAgainstIt) {
  Evidence evidence = Queued();
  evidence.forward = kB;
  EXPECT_FALSE(AnswerRule().Judge(evidence, Proven(64)));
  evidence.weak = true;
  EXPECT_TRUE(AnswerRule().Judge(evidence, Proven(64)));
}

TEST(Judge, RulesThatAgreeAddUp) {
  Evidence evidence = OfThread();
  const double one = Judge(evidence, {}).confidence;
  evidence.forward = evidence.backward = kA;
  const Verdict both = Judge(evidence, {});
  EXPECT_EQ(both.request, kA);
  EXPECT_EQ(both.method, Method::kThread);
  EXPECT_GT(both.confidence, one);
  EXPECT_LT(both.confidence, 1);
}

TEST(Judge, RulesThatDisagreeGiveNoParent) {
  Evidence evidence = OfThread();
  evidence.header = kB;
  const Verdict verdict = Judge(evidence, {});
  EXPECT_FALSE(verdict.request);
  EXPECT_TRUE(verdict.conflict);
}

TEST(Judge, ConflictingDirectionsAreAConflict) {
  Evidence evidence;
  evidence.forward = kA;
  evidence.backward = kB;
  EXPECT_TRUE(Judge(evidence, Proven(100)).conflict);
  evidence.weak = true;
  EXPECT_FALSE(Judge(evidence, Proven(8)).conflict);
}

TEST(Tally, ForgetsWhatWasLongAgo) {
  Tally tally;
  tally.Add(false);
  for (int i = 0; i < 100; ++i) tally.Add(true);
  EXPECT_FALSE(tally.Holds(8, 256));
  for (int i = 0; i < 10'000; ++i) tally.Add(true);
  EXPECT_TRUE(tally.Holds(8, 256));
}

}  // namespace
}  // namespace spanwire::trace::link
