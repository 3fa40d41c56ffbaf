// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "agent/trace/link/linker.h"
#include "agent/trace/link/rules.h"

namespace spanwire::trace::link {

// A process as the linker sees it, and what is true of it. Models make it act; each operation may
// be dropped, as a lost record is: a request whose reading was lost is unknown from then on.
class World final : public LinkSink {
 public:
  explicit World(uint64_t seed, uint32_t drop_per_mille = 0)
      : random_(seed), drop_per_mille_(drop_per_mille) {}

  struct Result {
    uint64_t calls = 0;
    uint64_t right = 0;  // the true parent, or none where there is none
    uint64_t none = 0;   // no parent where there is one
    uint64_t wrong = 0;
  };

  uint32_t Random(uint32_t below) { return static_cast<uint32_t>(random_() % below); }
  bool Chance(uint32_t percent) { return Random(100) < percent; }

  // Requests and calls are numbered by the world.
  size_t Read(const model::ExecutionContext& who) {
    const size_t request = requests_.size();
    requests_.emplace_back();
    if (Dropped()) return request;
    const Handle node{static_cast<uint32_t>(request), 1};
    requests_[request].handle = linker_.RequestRead({.node = node}, Now(who));
    return request;
  }

  void Reply(size_t request, const model::ExecutionContext& who) {
    const Handle handle = requests_[request].handle;
    const bool dropped = Dropped();
    if (!handle) {
      if (!dropped) linker_.StrayReply(Now(who));
      return;
    }
    if (!dropped) linker_.ReplyBegun(handle, Now(who));
    if (dropped) {
      lost_.push_back(handle);
    } else {
      linker_.ReplyEnded(handle, Now(who), true);
    }
    if (lost_.size() > 4) EndLost();
  }

  void Connect(uint64_t connection, const model::ExecutionContext& who) {
    if (!Dropped()) linker_.Connected(connection, Now(who));
  }

  static constexpr size_t kNobody = static_cast<size_t>(-1);

  // A call that `cause` made.
  size_t Send(size_t cause, uint64_t connection, bool reused, const model::ExecutionContext& who) {
    const size_t call = calls_.size();
    calls_.push_back({.cause = cause});
    if (Dropped()) return call;
    calls_[call].known = true;
    const Handle node{static_cast<uint32_t>(call), 2};
    calls_[call].handle =
        linker_.CallBegun({.node = node, .connection = connection, .reused = reused}, Now(who));
    return call;
  }

  void Answer(size_t call, const model::ExecutionContext& who) {
    if (Dropped()) {
      linker_.CallEnded(calls_[call].handle, Now(who), false);
      return;
    }
    const TraceLinker::Operation now = Now(who);
    linker_.CallAnswered(calls_[call].handle, now);
    linker_.CallEnded(calls_[call].handle, now, true);
  }

  Result Finish() {
    EndLost();
    linker_.Finish();
    Result result;
    for (const Call& call : calls_) {
      if (!call.known) continue;
      ++result.calls;
      const bool has_cause = call.cause != kNobody;
      const bool right = call.linked ? has_cause && call.parent == call.cause : !has_cause;
      result.right += right ? 1 : 0;
      result.wrong += call.linked && !right ? 1 : 0;
      result.none += !call.linked && has_cause ? 1 : 0;
    }
    return result;
  }

  void OnLink(Handle node, const Link& link) override {
    Call& call = calls_[node.index];
    ++call.decisions;
    call.linked = static_cast<bool>(link.parent);
    call.parent = link.parent.index;
    call.link = link;
  }

  const Link& link(size_t call) const { return calls_[call].link; }
  size_t decisions(size_t call) const { return calls_[call].decisions; }
  void Pass(Nanoseconds time_ns) { now_ += time_ns; }
  // What follows happened earlier: it is told late.
  void GoBack(Nanoseconds time_ns) { now_ -= time_ns; }
  TraceLinker& linker() { return linker_; }
  Nanoseconds now() const { return now_; }

 private:
  struct Request {
    Handle handle;
  };
  struct Call {
    size_t cause = kNobody;
    Handle handle{};
    bool known = false;
    bool linked = false;
    size_t decisions = 0;
    size_t parent = 0;
    Link link{};
  };

  bool Dropped() { return drop_per_mille_ > 0 && Random(1000) < drop_per_mille_; }
  TraceLinker::Operation Now(const model::ExecutionContext& who) { return {who, ++now_}; }
  void EndLost() {
    for (const Handle request : lost_) linker_.ReplyEnded(request, {{}, now_}, false);
    lost_.clear();
  }

  std::mt19937_64 random_;
  uint32_t drop_per_mille_;
  Nanoseconds now_ = 1000;
  TraceLinker linker_{*this};
  std::vector<Request> requests_;
  std::vector<Call> calls_;
  std::vector<Handle> lost_;  // their reply was dropped: they end later
};

inline model::ExecutionContext Thread(uint32_t tid) { return {.pid = 7, .tid = tid}; }
inline model::ExecutionContext Task(uint64_t context, uint64_t creator = 0) {
  return {.pid = 7, .tid = 1, .context = context, .creator = creator};
}

}  // namespace spanwire::trace::link
