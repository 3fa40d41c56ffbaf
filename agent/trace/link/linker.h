// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "agent/base/time.h"
#include "agent/model/event.h"
#include "agent/trace/key_table.h"
#include "agent/trace/link/context.h"
#include "agent/trace/link/evidence.h"
#include "agent/trace/link/process.h"
#include "agent/trace/link/records.h"
#include "agent/trace/slots.h"

namespace spanwire::trace::link {

// What became of a call: the request of the same process that caused it, or why there is none.
// Handles are those that the caller gave.
struct Link {
  Handle parent{};
  Method method = Method::kNone;
  double confidence = 0;
  Reason reason = Reason::kNoEvidence;
  std::array<Handle, 2> candidates{};  // kAmbiguous: requests that evidence names; may have ended
};

class LinkSink {
 public:
  virtual ~LinkSink() = default;
  // Exactly once for each call, perhaps before CallBegun() returns.
  virtual void OnLink(Handle call, const Link& link) = 0;
};

struct LinkLimits {
  // How long a call that was answered waits for the reply that tells whose it was.
  Nanoseconds wait_ns = 5'000'000'000;
  size_t max_calls = 65'536;     // undecided
  size_t max_contexts = 65'536;  // known threads, goroutines, tasks
  size_t max_connects = 16'384;  // connections that sent nothing yet
  size_t max_processes = 4096;
};

// Finds out which request of a process caused which of its calls, from who did what when.
//
// A request is what a process serves, a call what it asks of another. Told in the order in which
// things happened in each thread. Deterministic. One thread.
class TraceLinker {
 public:
  explicit TraceLinker(LinkSink& sink, const LinkLimits& limits = {})
      : sink_(sink), limits_(limits) {}

  struct Operation {
    model::ExecutionContext who;
    Nanoseconds time_ns = 0;
  };

  struct Request {
    Handle node;               // the caller's name for it
    uint64_t header_hash = 0;  // of the span that its trace header names; 0: none
    uint64_t id_hash = 0;      // of its request id; 0: none
  };
  // A request's head was read. Returns the linker's name for it.
  Handle RequestRead(const Request& request, const Operation& operation);
  // The rest of it was read.
  void RequestEnded(Handle request, const Operation& operation);
  // The first byte of the reply was sent.
  void ReplyBegun(Handle request, const Operation& operation);
  // The exchange ended; `replied`: with the last byte of the reply, sent by `operation`.
  void ReplyEnded(Handle request, const Operation& operation, bool replied);
  // A reply was sent to a request that was not seen.
  void StrayReply(const Operation& operation);

  void Connected(model::ConnectionId connection, const Operation& operation);

  struct Call {
    Handle node;
    model::ConnectionId connection = 0;
    bool reused = false;  // not the connection's first request, or earlier ones are unknown
    // A new connection needs no time to be established, and connecting is not told: who sends first
    // stands for who connected (UNIX sockets).
    bool at_once = false;
    uint64_t header_hash = 0;
    uint64_t id_hash = 0;
  };
  // The first byte of a call was sent. Returns the linker's name for it; nothing when its process
  // serves nothing.
  Handle CallBegun(const Call& call, const Operation& operation);
  // The answer's head was read. `call` may be nothing: one that the linker does not know.
  void CallAnswered(Handle call, const Operation& operation);
  // The exchange ended; `answered`: with the last byte of the answer, read by `operation`.
  void CallEnded(Handle call, const Operation& operation, bool answered);
  // Decides now, without waiting. Nothing happens where it is decided.
  void Abandon(Handle call, Reason reason);

  void Expire(Nanoseconds now);
  // Decides all that is left.
  void Finish();

  size_t undecided() const { return undecided_; }
  size_t contexts() const { return contexts_.size(); }

 private:
  Process* FindProcess(uint32_t pid);
  Context& ContextOf(const Operation& operation);

  // linker.cc: requests and their replies.
  void ReadTick(Context& context, Handle request);
  void ReplyTick(Context& context, Handle request, Process& process);
  void WalkBack(Handle call, Handle request, Process& process);
  void ClaimCalls(Context& context, Handle request, Process& process);
  void CloseRequest(Handle request, Process& process);
  void SettleCalls(Process& process);
  void Sweep(Nanoseconds now);

  // calls.cc
  Origin OriginOf(const Operation& operation, const Process& process,
                  model::ConnectionId connection);
  void FindSole(const Context& context, Origin& origin);
  void FindForward(Context& context, model::ConnectionId connection, Origin& origin);
  void ReadAnswer(Context& context, Handle call, const CallRecord* record);
  bool TakeConnect(model::ConnectionId connection, Origin& origin);
  Handle AddCall(const Call& call, const Origin& origin, Process& process);
  void Remember(Context& context, Handle call);
  bool NoteOverlap(Context& context, uint64_t serial);
  void ForgetConnect(model::ConnectionId connection);
  void JudgeCall(Handle call, CallRecord& record, Process& process);
  void DecideLast(Handle call, CallRecord& record, Process& process);
  void JudgeUnproven(Process& process);
  void Decide(Handle call, CallRecord& record, const Link& link);
  void RemoveIfDone(Handle call, const CallRecord& record);
  Handle NodeOf(Handle request);
  void Bound(Process& process);
  bool Undecided(Handle call);

  LinkSink& sink_;
  LinkLimits limits_;
  uint64_t serial_ = 0;
  size_t undecided_ = 0;
  Nanoseconds next_sweep_ns_ = 0;
  Nanoseconds next_rescue_ns_ = 0;
  KeyTable<std::unique_ptr<Process>> processes_;
  KeyTable<std::unique_ptr<Context>> contexts_;
  KeyTable<ConnectRecord> connects_;
  std::deque<std::pair<model::ConnectionId, uint64_t>> connect_order_;  // with their serials
  Slots<RequestRecord> requests_;
  Slots<CallRecord> calls_;
  std::deque<Handle> oldest_;                         // calls as they began; may be decided
  std::deque<std::pair<Nanoseconds, Handle>> ended_;  // undecided when they ended
};

// Names a context among those of all processes; never 0.
uint64_t KeyOf(const model::ExecutionContext& who);
uint64_t KeyOf(uint32_t pid, uint64_t context);

}  // namespace spanwire::trace::link
