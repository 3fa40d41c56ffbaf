// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "tests/unit/trace/link_world.h"

// How servers of different kinds work, as sequences of socket operations in random order.
namespace spanwire::trace::link {

struct Shape {
  uint32_t concurrency = 4;  // requests at a time
  uint32_t requests = 12;    // in all
  uint32_t max_calls = 2;    // of a request, one after the other
  uint32_t background = 10;  // percent: calls that no request caused, per step
};

// Threads that serve one request each, with connections of their own; a thread that calls on its
// own account; calls after the reply.
class ThreadModel {
 public:
  ThreadModel(World& world, const Shape& shape) : world_(world), shape_(shape) {
    threads_.resize(shape.concurrency);
  }
  void Run() {
    while (begun_ < shape_.requests || busy_ > 0) {
      Step(world_.Random(static_cast<uint32_t>(threads_.size())));
      if (world_.Chance(shape_.background)) Background();
    }
  }

 private:
  struct State {
    enum { kIdle, kServing, kCalling, kAfter } phase = kIdle;
    size_t request = 0;
    size_t call = 0;
    uint32_t calls_left = 0;
    bool late_call = false;
    bool connected = false;
  };

  void Step(uint32_t index) {
    State& state = threads_[index];
    const auto who = Thread(100 + index);
    switch (state.phase) {
      case State::kIdle: return Begin(state, who);
      case State::kServing: return Serve(state, who, index);
      case State::kCalling:
        world_.Answer(state.call, who);
        state.phase = State::kServing;
        return;
      case State::kAfter:
        world_.Answer(state.call, who);
        state.phase = State::kIdle;
        --busy_;
        return;
    }
  }
  void Begin(State& state, const model::ExecutionContext& who) {
    if (begun_ >= shape_.requests) return;
    ++begun_;
    ++busy_;
    state.request = world_.Read(who);
    state.calls_left = world_.Random(shape_.max_calls + 1);
    state.phase = State::kServing;
  }
  void Serve(State& state, const model::ExecutionContext& who, uint32_t index) {
    if (state.calls_left > 0) {
      --state.calls_left;
      state.call = Call(state, state.request, who, index);
      state.phase = State::kCalling;
      return;
    }
    world_.Reply(state.request, who);
    if (world_.Chance(10)) {  // a call that no one waits for: nobody's child
      state.call = Call(state, World::kNobody, who, index);
      state.phase = State::kAfter;
      return;
    }
    state.phase = State::kIdle;
    --busy_;
  }
  size_t Call(State& state, size_t cause, const model::ExecutionContext& who, uint32_t index) {
    const bool reuse = state.connected && world_.Chance(50);
    const uint64_t connection = reuse ? 1000 + index : ++connections_;
    if (!reuse) world_.Connect(connection, who);
    state.connected = true;
    return world_.Send(cause, connection, reuse, who);
  }
  void Background() {
    const auto who = Thread(1);
    if (background_ != World::kNobody) {
      world_.Answer(background_, who);
      background_ = World::kNobody;
      return;
    }
    world_.Connect(++connections_, who);
    background_ = world_.Send(World::kNobody, connections_, false, who);
  }

  World& world_;
  Shape shape_;
  std::vector<State> threads_;
  size_t background_ = World::kNobody;
  uint64_t connections_ = 100'000;
  uint32_t begun_ = 0;
  uint32_t busy_ = 0;
};

// One event loop. What is read is dealt with at once: the next call or the reply follows. New
// connections send when they are established, later.
class LoopModel {
 public:
  enum class Sockets { kNew, kKept, kLimited };
  LoopModel(World& world, const Shape& shape, Sockets sockets)
      : world_(world), shape_(shape), sockets_(sockets), free_(4) {
    for (size_t i = 0; i < free_.size(); ++i) free_[i] = 500 + i;
  }
  void Run() {
    while (begun_ < shape_.requests || !events_.empty()) {
      if (begun_ < shape_.requests && open_ < shape_.concurrency && world_.Chance(40)) Begin();
      if (!events_.empty()) Handle(Take());
      if (world_.Chance(shape_.background)) Background();
    }
  }

 private:
  enum class Kind { kWritable, kAnswer, kBackground };
  struct Event {
    Kind kind = Kind::kAnswer;
    size_t request = 0;
    size_t call = 0;
    uint64_t connection = 0;
  };
  static constexpr uint32_t kTid = 7;

  Event Take() {
    const size_t at = world_.Random(static_cast<uint32_t>(events_.size()));
    std::swap(events_[at], events_.back());
    const Event event = events_.back();
    events_.pop_back();
    return event;
  }
  void Begin() {
    ++begun_;
    ++open_;
    const size_t request = world_.Read(Thread(kTid));
    if (left_.size() <= request) left_.resize(request + 1);
    left_[request] = world_.Random(shape_.max_calls + 1);
    Continue(request);
  }
  void Continue(size_t request) {
    if (left_[request] == 0) {
      world_.Reply(request, Thread(kTid));
      --open_;
      return;
    }
    --left_[request];
    if (sockets_ == Sockets::kNew) {
      const uint64_t connection = ++connections_;
      world_.Connect(connection, Thread(kTid));
      events_.push_back({Kind::kWritable, request, 0, connection});
    } else if (sockets_ == Sockets::kKept) {
      Send(request, ++connections_);
    } else {
      queue_.push_back(request);
      SendQueued();
    }
  }
  void Send(size_t request, uint64_t connection) {
    const size_t call = world_.Send(request, connection, true, Thread(kTid));
    events_.push_back({Kind::kAnswer, request, call, connection});
  }
  void SendQueued() {
    if (free_.empty() || queue_.empty()) return;
    const uint64_t connection = free_.back();
    free_.pop_back();
    const size_t request = queue_.front();
    queue_.pop_front();
    Send(request, connection);
  }
  void Handle(const Event& event) {
    if (event.kind == Kind::kWritable) {
      const size_t call = world_.Send(event.request, event.connection, false, Thread(kTid));
      events_.push_back({Kind::kAnswer, event.request, call, event.connection});
      return;
    }
    world_.Answer(event.call, Thread(kTid));
    if (event.kind == Kind::kBackground) return;
    if (sockets_ == Sockets::kLimited) free_.push_back(event.connection);
    Continue(event.request);
    if (sockets_ == Sockets::kLimited) SendQueued();
  }
  void Background() {
    const size_t call = world_.Send(World::kNobody, ++connections_, true, Thread(kTid));
    events_.push_back({Kind::kBackground, 0, call, connections_});
  }

  World& world_;
  Shape shape_;
  Sockets sockets_;
  std::vector<Event> events_;
  std::vector<uint64_t> free_;
  std::deque<size_t> queue_;
  std::vector<uint32_t> left_;  // calls still to make, by request
  uint64_t connections_ = 100'000;
  uint32_t begun_ = 0;
  uint32_t open_ = 0;
};

// Tasks on shared threads, as goroutines and asyncio tasks are. What the kernel sees as context is
// either the task, or only the thread that happens to run it.
class TaskModel {
 public:
  enum class Seen { kTask, kThreads, kOneThread };
  enum class Sends { kOwn, kChild, kPool };  // who makes the calls' system calls
  struct Kind {
    Seen seen = Seen::kTask;
    Sends sends = Sends::kOwn;
    bool read_by_loop = false;  // requests are read by a context that only reads
  };
  TaskModel(World& world, const Shape& shape, Kind kind)
      : world_(world), shape_(shape), kind_(kind), tasks_(shape.concurrency) {}

  void Run() {
    while (begun_ < shape_.requests || busy_ > 0) Step(tasks_[PickTask()]);
  }

 private:
  struct State {
    enum { kIdle, kServing, kCalling } phase = kIdle;
    size_t request = 0;
    size_t call = 0;
    uint32_t calls_left = 0;
  };
  uint32_t PickTask() { return world_.Random(static_cast<uint32_t>(tasks_.size())); }
  uint64_t IdOf(const State& state) const {
    return 10 + static_cast<uint64_t>(&state - tasks_.data());
  }
  model::ExecutionContext Who(uint64_t task, uint64_t creator = 0) {
    if (kind_.seen == Seen::kTask) return Task(task, creator);
    return Thread(kind_.seen == Seen::kThreads ? 1 + world_.Random(3) : 1);
  }

  void Step(State& state) {
    switch (state.phase) {
      case State::kIdle:
        if (begun_ >= shape_.requests) return;
        ++begun_;
        ++busy_;
        state.request = world_.Read(kind_.read_by_loop ? Who(1) : Who(IdOf(state)));
        state.calls_left = world_.Random(shape_.max_calls + 1);
        state.phase = State::kServing;
        return;
      case State::kServing: return Serve(state);
      case State::kCalling:
        world_.Answer(state.call, Who(kind_.sends == Sends::kOwn ? IdOf(state) : 2));
        state.phase = State::kServing;
        return;
    }
  }
  void Serve(State& state) {
    if (state.calls_left == 0) {
      world_.Reply(state.request, Who(IdOf(state)));
      state.phase = State::kIdle;
      --busy_;
      return;
    }
    --state.calls_left;
    state.phase = State::kCalling;
    const uint64_t connection = ++connections_;
    if (kind_.sends == Sends::kPool) {
      state.call = world_.Send(state.request, connection, true, Who(3));
      return;
    }
    const bool own = kind_.sends == Sends::kOwn;
    world_.Connect(connection, own ? Who(IdOf(state)) : Who(connection, IdOf(state)));
    state.call = world_.Send(state.request, connection, false,
                             own ? Who(IdOf(state)) : Who(connection + 1'000'000));
  }

  World& world_;
  Shape shape_;
  Kind kind_;
  std::vector<State> tasks_;
  uint64_t connections_ = 100'000;
  uint32_t begun_ = 0;
  uint32_t busy_ = 0;
};

// asyncio without knowledge of its tasks: an iteration reads all that is ready, then runs the tasks
// that this woke, each up to a few iterations later.
class BatchModel {
 public:
  BatchModel(World& world, const Shape& shape, uint32_t delay)
      : world_(world), shape_(shape), delay_(delay) {}
  void Run() {
    while (begun_ < shape_.requests || !answers_.empty() || !ready_.empty()) {
      while (begun_ < shape_.requests && open_ < shape_.concurrency && world_.Chance(50)) Begin();
      ReadAnswers();
      RunTasks();
    }
  }

 private:
  struct Ready {
    size_t request = 0;
    uint32_t wait = 0;
  };
  static model::ExecutionContext Who() { return Thread(1); }
  void Wake(size_t request) { ready_.push_back({request, world_.Random(delay_ + 1)}); }
  void Begin() {
    ++begun_;
    ++open_;
    const size_t request = world_.Read(Who());
    if (left_.size() <= request) left_.resize(request + 1);
    left_[request] = world_.Random(shape_.max_calls + 1);
    Wake(request);
  }
  void ReadAnswers() {
    std::shuffle(answers_.begin(), answers_.end(), std::mt19937(world_.Random(1000)));
    while (!answers_.empty() && world_.Chance(50)) {
      world_.Answer(answers_.back().second, Who());
      Wake(answers_.back().first);
      answers_.pop_back();
    }
  }
  void RunTasks() {
    for (std::vector<Ready> ready = std::exchange(ready_, {}); const Ready& task : ready) {
      if (task.wait > 0) {
        ready_.push_back({task.request, task.wait - 1});
      } else if (left_[task.request] == 0) {
        world_.Reply(task.request, Who());
        --open_;
      } else {
        --left_[task.request];
        const uint64_t connection = ++connections_;
        answers_.emplace_back(task.request, world_.Send(task.request, connection, true, Who()));
      }
    }
  }

  World& world_;
  Shape shape_;
  uint32_t delay_;
  std::vector<std::pair<size_t, size_t>> answers_;  // request, call
  std::vector<Ready> ready_;
  std::vector<uint32_t> left_;
  uint64_t connections_ = 100'000;
  uint32_t begun_ = 0;
  uint32_t open_ = 0;
};

}  // namespace spanwire::trace::link
