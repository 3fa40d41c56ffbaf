// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/loss_account.h"

#include <gtest/gtest.h>

#include "tests/support/fake_tracer.h"

namespace spanwire::keeper {
namespace {

// The worker's side: a corridor ring -> decode -> spans -> exporter, counted in shared memory.
class Corridor {
 public:
  Corridor() : memory_(std::move(*door::SharedMemory::Make())), ledger_(memory_.Counters()) {
    for (const char* name : {"ring", "decode"}) ledger_.AddStage(name, "events");
    ledger_.AddStage("decode", "events").Drop("bad_size");
    for (const char* name : {"span", "exporter/otlp"}) ledger_.AddStage(name, "spans");
  }
  door::SharedMemory& memory() { return memory_; }
  Stage& stage(const char* name) { return ledger_.AddStage(name, ""); }

  bool Tell(LossAccount& account) {
    account.BeginWorker(memory_);
    bool good = true;
    for (const auto& stage : ledger_.stages()) {
      const auto at = [&](const Counter& counter) {
        return static_cast<uint32_t>(*ledger_.space().IndexOf(counter));
      };
      door::StageLayout layout{stage->name(),  stage->unit(),   at(stage->in),
                               at(stage->out), at(stage->held), {}};
      for (const auto& [reason, counter] : stage->drops()) {
        layout.reasons.emplace_back(reason, at(*counter));
      }
      good = account.AddStage(layout) && good;
    }
    return good;
  }

  void Take(int count) {
    for (int i = 0; i < count; ++i) taken_.Take(position_ += 64);
  }
  void Pass(const char* name, uint64_t in, uint64_t out) {
    stage(name).in.Add(in);
    stage(name).out.Add(out);
  }

 private:
  door::SharedMemory memory_;
  Ledger ledger_;
  door::TakenMark taken_{memory_.get()};
  uint64_t position_ = 0;
};

void ExpectBalanced(const Ledger& ledger) {
  for (const auto& stage : ledger.stages()) EXPECT_TRUE(stage->Balanced()) << stage->name();
}

TEST(LossAccount, CompletesTheRingFromTheKernel) {
  test::FakeTracer tracer;
  tracer.kernel[SPANWIRE_COUNT_RECORDS] = 12;
  tracer.kernel[SPANWIRE_COUNT_RING_FULL] = 2;
  tracer.kernel[SPANWIRE_COUNT_SKIPPED] = 1;
  LossAccount account;
  Corridor corridor;
  ASSERT_TRUE(corridor.Tell(account));
  corridor.Take(7);
  Ledger ledger;
  account.Fill(ledger, tracer, LossAccount::When::kNow);
  Stage& ring = *ledger.stages().front();
  EXPECT_EQ(ring.in.Get(), 13u);
  EXPECT_EQ(ring.out.Get(), 7u);
  EXPECT_EQ(ring.held.Get(), 3u);
  EXPECT_TRUE(ring.Balanced());
}

TEST(LossAccount, IntroductionsPassTheRingToo) {
  test::FakeTracer tracer;
  tracer.kernel[SPANWIRE_COUNT_RECORDS] = 3;
  LossAccount account;
  Corridor corridor;
  ASSERT_TRUE(corridor.Tell(account));
  corridor.Take(3);
  corridor.stage("ring").in.Add(2);
  corridor.Pass("decode", 5, 5);
  Ledger ledger;
  account.Fill(ledger, tracer, LossAccount::When::kNow);
  ExpectBalanced(ledger);
  EXPECT_EQ(ledger.stages()[0]->out.Get(), ledger.stages()[1]->in.Get());
}

TEST(LossAccount, ADeadWorkersLoadIsLost) {
  test::FakeTracer tracer;
  tracer.kernel[SPANWIRE_COUNT_RECORDS] = 10;
  LossAccount account;
  Corridor corridor;
  ASSERT_TRUE(corridor.Tell(account));
  corridor.Take(10);  // died on the tenth, before the next stage had it
  corridor.Pass("decode", 9, 8);
  corridor.stage("decode").Drop("bad_size").Add(1);
  corridor.Pass("span", 4, 3);
  corridor.stage("span").held.Add(1);
  corridor.Pass("exporter/otlp", 2, 1);
  account.EndWorker(/*clean=*/false);

  Ledger ledger;
  account.Fill(ledger, tracer, LossAccount::When::kNow);
  ExpectBalanced(ledger);
  const auto lost = [&](const char* name) {
    return ledger.AddStage(name, "").Drop("worker_lost").Get();
  };
  EXPECT_EQ(lost("ring"), 0u);
  EXPECT_EQ(lost("decode"), 1u);
  EXPECT_EQ(lost("span"), 1u);
  EXPECT_EQ(lost("exporter/otlp"), 2u);  // one held, one on its way there
  EXPECT_EQ(account.resume(), 640u);
}

TEST(LossAccount, WorkersAddUp) {
  test::FakeTracer tracer;
  tracer.kernel[SPANWIRE_COUNT_RECORDS] = 8;
  LossAccount account;
  Corridor first;
  ASSERT_TRUE(first.Tell(account));
  first.Take(5);
  first.Pass("decode", 5, 5);
  account.EndWorker(false);
  Corridor second;
  ASSERT_TRUE(second.Tell(account));
  second.Take(3);
  second.Pass("decode", 3, 3);
  Ledger ledger;
  account.Fill(ledger, tracer, LossAccount::When::kNow);
  ExpectBalanced(ledger);
  EXPECT_EQ(ledger.stages()[0]->out.Get(), 8u);
  EXPECT_EQ(ledger.stages()[1]->in.Get(), 8u);
}

TEST(LossAccount, ACleanEndKeepsItsOwnAccount) {
  test::FakeTracer tracer;
  LossAccount account;
  Corridor corridor;
  ASSERT_TRUE(corridor.Tell(account));
  corridor.Pass("span", 4, 3);
  corridor.stage("span").held.Add(1);  // a bug of the worker's: not to be hidden
  account.EndWorker(/*clean=*/true);
  Ledger ledger;
  account.FillLast(ledger, tracer);
  EXPECT_EQ(ledger.AddStage("span", "").held.Get(), 1u);
}

TEST(LossAccount, WhatNobodyWillReadIsLost) {
  test::FakeTracer tracer;
  tracer.kernel[SPANWIRE_COUNT_RECORDS] = 4;
  LossAccount account;
  Corridor corridor;
  ASSERT_TRUE(corridor.Tell(account));
  corridor.Take(1);
  account.EndWorker(false);
  Ledger ledger;
  account.FillLast(ledger, tracer);
  ExpectBalanced(ledger);
  EXPECT_EQ(ledger.stages()[0]->Drop("worker_lost").Get(), 3u);
  EXPECT_EQ(ledger.stages()[0]->held.Get(), 0u);
}

TEST(LossAccount, TheCountedMomentIsNotTheLiveOne) {
  test::FakeTracer tracer;
  tracer.kernel[SPANWIRE_COUNT_RECORDS] = 5;
  LossAccount account;
  Corridor corridor;
  ASSERT_TRUE(corridor.Tell(account));
  corridor.Take(2);
  corridor.Pass("decode", 2, 2);
  corridor.memory().Count();
  corridor.Take(1);  // the next batch is at work
  Ledger ledger;
  account.Fill(ledger, tracer, LossAccount::When::kCounted);
  ExpectBalanced(ledger);
  EXPECT_EQ(ledger.stages()[0]->out.Get(), 2u);
}

TEST(LossAccount, AStageMayGetMoreReasons) {
  test::FakeTracer tracer;
  LossAccount account;
  Corridor corridor;
  ASSERT_TRUE(corridor.Tell(account));
  EXPECT_TRUE(account.AddStage({"decode", "events", 3, 4, 5, {{"bad_size", 6}, {"not_http", 20}}}));
  corridor.memory().get().counters[20] = 3;
  Ledger ledger;
  account.Fill(ledger, tracer, LossAccount::When::kNow);
  EXPECT_EQ(ledger.stages()[1]->Drop("not_http").Get(), 3u);
}

TEST(LossAccount, AWorkerCannotTellAnotherStory) {
  LossAccount account;
  Corridor corridor;
  EXPECT_TRUE(corridor.Tell(account));
  account.EndWorker(false);
  account.BeginWorker(corridor.memory());
  EXPECT_FALSE(account.AddStage({"decode", "events", 0, 1, 2, {}}));
  EXPECT_TRUE(account.AddStage({"ring", "events", 0, 1, 2, {}}));
  EXPECT_FALSE(account.AddStage({"other", "events", 3, 4, 5, {}}));
}

}  // namespace
}  // namespace spanwire::keeper
