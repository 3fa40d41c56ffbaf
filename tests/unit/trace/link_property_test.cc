// SPDX-License-Identifier: Apache-2.0
// Random interleavings of simulated servers: no wrong parent, whatever the order, and parents where
// they can be known.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/unit/trace/link_models.h"

namespace spanwire::trace::link {
namespace {

using Sockets = LoopModel::Sockets;
using Seen = TaskModel::Seen;
using Sends = TaskModel::Sends;

struct Model {
  std::string name;
  std::function<void(World&, const Shape&)> run;
  double least_right = 0;  // share of calls in long runs
  double most_wrong = 0;
};

Model Tasks(const std::string& name, TaskModel::Kind kind, double least_right) {
  return {name, [kind](World& world, const Shape& shape) { TaskModel(world, shape, kind).Run(); },
          least_right, 0};
}

Model Loop(const std::string& name, Sockets sockets, double least_right) {
  return {name,
          [sockets](World& world, const Shape& shape) { LoopModel(world, shape, sockets).Run(); },
          least_right, 0};
}

Model Batch(const std::string& name, uint32_t delay) {
  return {name,
          [delay](World& world, const Shape& shape) { BatchModel(world, shape, delay).Run(); }, 0,
          0.001};
}

// What can be known for certain.
std::vector<Model> CertainModels() {
  return {
      {"threads", [](World& world, const Shape& shape) { ThreadModel(world, shape).Run(); }, 0.99,
       0},
      Loop("loop_new", Sockets::kNew, 0.75),
      Loop("loop_kept", Sockets::kKept, 0.75),
      Tasks("tasks", {Seen::kTask, Sends::kOwn, false}, 0.999),
      Tasks("tasks_read_by_loop", {Seen::kTask, Sends::kOwn, true}, 0.999),
      Tasks("tasks_dialling_children", {Seen::kTask, Sends::kChild, false}, 0.95),
      Tasks("tasks_pool", {Seen::kTask, Sends::kPool, false}, 0),
  };
}

// Where evidence can mislead: the process's own record must keep it from counting.
std::vector<Model> DoubtfulModels() {
  std::vector<Model> models{
      Loop("loop_limited", Sockets::kLimited, 0.1),
      Tasks("tasks_unseen_on_threads", {Seen::kThreads, Sends::kOwn, false}, 0),
      Tasks("tasks_unseen_on_one_thread", {Seen::kOneThread, Sends::kOwn, false}, 0),
      Tasks("pool_unseen_on_threads", {Seen::kThreads, Sends::kPool, false}, 0),
      Batch("batches", 0),
      Batch("late_batches", 2),
  };
  for (Model& model : models) model.most_wrong = 0.001;
  return models;
}

struct Sum {
  World::Result result;
  void Add(const World::Result& other) {
    result.calls += other.calls;
    result.right += other.right;
    result.none += other.none;
    result.wrong += other.wrong;
  }
};

World::Result RunCases(const Model& model, uint64_t cases, const Shape& shape,
                       uint32_t drop_per_mille = 0) {
  Sum sum;
  for (uint64_t seed = 1; seed <= cases; ++seed) {
    World world(seed * 7919 + drop_per_mille, drop_per_mille);
    Shape varied = shape;
    varied.concurrency = 1 + world.Random(shape.concurrency);
    model.run(world, varied);
    const World::Result result = world.Finish();
    sum.Add(result);
    if (result.wrong > 0 && model.most_wrong == 0 && drop_per_mille == 0) {
      ADD_FAILURE() << model.name << ": wrong parent with seed " << seed;
      break;
    }
  }
  const World::Result& result = sum.result;
  std::printf("%-28s %4u/1000 lost: %8lu calls, right %.4f, none %.4f, wrong %.5f\n",
              model.name.c_str(), drop_per_mille, result.calls,
              static_cast<double>(result.right) / static_cast<double>(result.calls),
              static_cast<double>(result.none) / static_cast<double>(result.calls),
              static_cast<double>(result.wrong) / static_cast<double>(result.calls));
  return result;
}

double Share(uint64_t part, const World::Result& result) {
  return static_cast<double>(part) / static_cast<double>(result.calls);
}

constexpr Shape kShort{.concurrency = 5, .requests = 8, .max_calls = 2, .background = 5};
constexpr Shape kLong{.concurrency = 16, .requests = 1500, .max_calls = 3, .background = 2};

// Of each model: more than a million in all where the build is optimised; sanitizers see fewer.
#ifdef NDEBUG
constexpr uint64_t kCases = 150'000;
#else
constexpr uint64_t kCases = 3'000;
#endif

TEST(LinkProperty, AMillionShortRunsHaveNoWrongParent) {
  for (const Model& model : CertainModels()) {
    EXPECT_EQ(RunCases(model, kCases, kShort).wrong, 0u) << model.name;
  }
}

TEST(LinkProperty, LongRunsHaveNoWrongParentAndMostOnes) {
  for (const Model& model : CertainModels()) {
    const World::Result result = RunCases(model, 40, kLong);
    EXPECT_EQ(result.wrong, 0u) << model.name;
    EXPECT_GE(Share(result.right, result), model.least_right) << model.name;
  }
}

TEST(LinkProperty, MisleadingEvidenceIsNotBelieved) {
  for (const Model& model : DoubtfulModels()) {
    const World::Result shorts = RunCases(model, kCases / 8, kShort);
    EXPECT_LE(Share(shorts.wrong, shorts), model.most_wrong) << model.name;
    const World::Result longs = RunCases(model, 40, kLong);
    EXPECT_LE(Share(longs.wrong, longs), model.most_wrong) << model.name;
    EXPECT_GE(Share(longs.right, longs), model.least_right) << model.name;
  }
}

class LostEvidence : public ::testing::TestWithParam<uint32_t> {};

// In runs long enough for a process to show how much of it is seen.
TEST_P(LostEvidence, LeavesLessThanOneWrongParentInAThousand) {
  std::vector<Model> models = CertainModels();
  for (const Model& model : DoubtfulModels()) models.push_back(model);
  for (const Model& model : models) {
    const World::Result result = RunCases(model, 40, kLong, GetParam());
    EXPECT_LE(Share(result.wrong, result), 0.001) << model.name;
  }
}

INSTANTIATE_TEST_SUITE_P(PerMille, LostEvidence, ::testing::Values(10, 100));

}  // namespace
}  // namespace spanwire::trace::link
