// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spanwire {

// A counter with one writing thread and any number of readers.
class Counter {
 public:
  void Add(uint64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  // For gauges: requires amount <= Get().
  void Subtract(uint64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) - amount, std::memory_order_relaxed);
  }
  // For gauges and for totals that are kept elsewhere (the kernel's).
  void Set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  uint64_t Get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// Where counters lie: memory of its own, or memory that was given to it. In shared memory another
// process reads them too, even after the death of the one that counted.
class CounterSpace {
 public:
  CounterSpace() = default;
  // Requires: `shared` is zero and outlives this. When it is used up, own memory follows.
  explicit CounterSpace(std::span<Counter> shared) : shared_(shared) {}

  Counter& Next();
  // How many counters of the shared memory are in use.
  size_t used() const { return used_; }
  // Where `counter` lies in the shared memory; nothing when it does not.
  std::optional<size_t> IndexOf(const Counter& counter) const;

 private:
  std::span<Counter> shared_;
  size_t used_ = 0;
  std::deque<Counter> own_;
};

// One stage of the corridor: what came in either went out, is held, or was dropped for a named
// reason. Counters are written by the one thread that runs the stage. Drop() is called at set-up
// time and its reference kept: it must not be called on the hot path.
class Stage {
 public:
  // Without a `space` the counters lie in the stage. A given one outlives the stage.
  Stage(std::string name, std::string unit, CounterSpace* space = nullptr)
      : name_(std::move(name)), unit_(std::move(unit)), space_(space ? space : &own_) {}
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

 private:
  CounterSpace own_;
  std::string name_;
  std::string unit_;
  CounterSpace* space_;

 public:
  Counter& in = space_->Next();
  Counter& out = space_->Next();
  Counter& held = space_->Next();

  // The counter for `reason`, made on first use. Stays valid as long as the stage.
  Counter& Drop(std::string_view reason);

  const std::string& name() const { return name_; }
  const std::string& unit() const { return unit_; }
  using Drops = std::vector<std::pair<std::string, Counter*>>;
  const Drops& drops() const { return drops_; }
  uint64_t Dropped() const;
  // in == out + held + Σ dropped.
  bool Balanced() const { return in.Get() == out.Get() + held.Get() + Dropped(); }

 private:
  Drops drops_;
};

// The loss ledger: the stages in the order in which data passes them. Stages are added while the
// corridor is built, before threads run.
class Ledger {
 public:
  Ledger() = default;
  explicit Ledger(std::span<Counter> shared) : space_(shared) {}

  // The stage of that name, added at the end when it is new: who builds the corridor may fix the
  // order of the stages before the rooms ask for them. `unit` is "events", "bytes", "messages",
  // "exchanges" or "spans".
  Stage& AddStage(std::string name, std::string unit);
  const std::vector<std::unique_ptr<Stage>>& stages() const { return stages_; }
  const CounterSpace& space() const { return space_; }

  // {"stages":[{"name":…,"unit":…,"in":…,"out":…,"held":…,"dropped":{reason:count,…}},…]}
  std::string ToJson() const;
  // "ring 120 events | … | 3 lost (ring ring_full 3)": for the line at exit.
  std::string ToLine() const;

 private:
  CounterSpace space_;
  std::vector<std::unique_ptr<Stage>> stages_;
};

}  // namespace spanwire
