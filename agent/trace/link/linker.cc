// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/link/linker.h"

#include <algorithm>

#include "agent/base/hash.h"

namespace spanwire::trace::link {
namespace {

constexpr Nanoseconds kIdleNs = 30'000'000'000;
constexpr Nanoseconds kSweepEveryNs = 5'000'000'000;
constexpr Nanoseconds kRescueEveryNs = 100'000'000;  // where there are too many
// Where one reply in so many was to a request that was not seen, there may be more requests than
// are known.
constexpr uint32_t kUnseen = 20;
constexpr size_t kMaxChain = 64;  // calls of one request, each for the answer of the one before

// No other request was open since the call began.
bool IsAlone(const Origin& origin, const Process& process) {
  return origin.alone && origin.reads == process.reads && process.traits.whole.Holds(0, kUnseen);
}

}  // namespace

uint64_t KeyOf(uint32_t pid, uint64_t context) {
  return MixBits(context * 0x9e3779b97f4a7c15u + pid) | 1;
}

uint64_t KeyOf(const model::ExecutionContext& who) {
  if (who.context != 0) return KeyOf(who.pid, who.context);
  return (uint64_t{who.pid} << 32 | who.tid) << 1;
}

Process* TraceLinker::FindProcess(uint32_t pid) {
  std::unique_ptr<Process>* found = processes_.Find(pid);
  return found == nullptr ? nullptr : found->get();
}

Context& TraceLinker::ContextOf(const Operation& operation) {
  if (contexts_.size() > limits_.max_contexts && operation.time_ns >= next_rescue_ns_) {
    Sweep(operation.time_ns);
    next_rescue_ns_ = operation.time_ns + kRescueEveryNs;
  }
  std::unique_ptr<Context>& place = contexts_.Put(KeyOf(operation.who));
  if (place == nullptr) place = std::make_unique<Context>();
  Context& context = *place;
  if (operation.who.creator != 0) {
    context.creator = KeyOf(operation.who.pid, operation.who.creator);
  }
  if (operation.time_ns < context.last_ns) context.Confuse();
  context.last_ns = std::max(context.last_ns, operation.time_ns);
  return context;
}

Handle TraceLinker::RequestRead(const Request& request, const Operation& operation) {
  std::unique_ptr<Process>& place = processes_.Put(operation.who.pid);
  if (place == nullptr) place = std::make_unique<Process>();
  Process& process = *place;
  RequestRecord record;
  record.node = request.node;
  record.serial = ++serial_;
  record.time_ns = operation.time_ns;
  record.context = KeyOf(operation.who);
  record.pid = operation.who.pid;
  record.header_hash = request.header_hash;
  record.id_hash = request.id_hash;
  const Handle handle = requests_.Add(record);
  Context& context = ContextOf(operation);
  context.Open(handle);
  ReadTick(context, handle);
  process.open.push_back(handle);
  ++process.open_count;
  ++process.reads;
  process.last_ns = operation.time_ns;
  if (record.header_hash != 0) process.headers.Add(record.header_hash, handle);
  if (record.id_hash != 0) process.ids.Add(record.id_hash, handle);
  return handle;
}

void TraceLinker::RequestEnded(Handle request, const Operation& operation) {
  std::unique_ptr<Context>* context = contexts_.Find(KeyOf(operation.who));
  if (context == nullptr || requests_.Find(request) == nullptr) return;
  // Bytes that were only counted become known late: what they led to has happened.
  if (operation.time_ns < (*context)->last_ns) return;
  (*context)->last_ns = operation.time_ns;
  ReadTick(**context, request);
}

void TraceLinker::ReadTick(Context& context, Handle request) {
  context.Read({.kind = Cause::Kind::kOne, .is_call = false, .what = request, .request = request});
}

void TraceLinker::ReplyBegun(Handle request, const Operation& operation) {
  RequestRecord* record = requests_.Find(request);
  if (record == nullptr || record->replied) return;
  record->replied = true;
  Process* process = FindProcess(record->pid);
  if (process == nullptr) return;
  process->traits.whole.Add(true);
  const bool own = operation.who.context != 0;
  Context& context = ContextOf(operation);
  ClaimCalls(context, request, *process);
  if (!own) ReplyTick(context, request, *process);
}

// An event loop replies because of what it read just before: the request itself, or the answer to
// a call that was made for it.
void TraceLinker::ReplyTick(Context& context, Handle request, Process& process) {
  const Cause cause = context.Act();
  context.Settle();
  if (cause.kind != Cause::Kind::kOne) return;
  if (request && cause.request && process.open_count > 1) {
    process.traits.replies.Add(cause.request == request);
  }
  if (cause.is_call) WalkBack(cause.what, request, process);
  JudgeUnproven(process);
}

// The answer to `call` led to the reply to `request`, and so did the answer that led to `call`.
void TraceLinker::WalkBack(Handle call, Handle request, Process& process) {
  for (size_t i = 0; i < kMaxChain; ++i) {
    CallRecord* record = calls_.Find(call);
    if (record == nullptr) return;
    Evidence& evidence = record->origin.evidence;
    if (evidence.backward && evidence.backward != request) evidence.contradictory = true;
    const RequestRecord* found = requests_.Find(request);
    if (found == nullptr || found->serial > record->origin.serial) evidence.contradictory = true;
    evidence.backward = request;
    if (found != nullptr) record->origin.named[1] = found->node;
    evidence.alone = IsAlone(record->origin, process);
    const bool agree = evidence.forward == request && !evidence.contradictory;
    if (found != nullptr && evidence.forward && !evidence.alone && (agree || !evidence.weak)) {
      process.traits.ticks.Add(agree);
    }
    const Handle before = record->origin.cause;
    JudgeCall(call, *record, process);
    if (!agree) return;
    call = before;
  }
}

// The context sends the reply to `request`: what it called for since its last reply was for that.
void TraceLinker::ClaimCalls(Context& context, Handle request, Process& process) {
  if (context.calls.empty()) return;
  const RequestRecord* found = requests_.Find(request);
  const uint64_t serial = found == nullptr ? 0 : found->serial;
  const std::vector<Handle> calls = std::exchange(context.calls, {});
  for (const Handle call : calls) {
    CallRecord* record = calls_.Find(call);
    if (record == nullptr || record->decided || found == nullptr) continue;
    Evidence& evidence = record->origin.evidence;
    if (evidence.replied || record->origin.serial < serial) continue;
    evidence.replied = request;
    evidence.alone = IsAlone(record->origin, process);
    JudgeCall(call, *record, process);
  }
}

void TraceLinker::StrayReply(const Operation& operation) {
  Process* process = FindProcess(operation.who.pid);
  if (process == nullptr) return;
  process->traits.whole.Add(false);
  Context& context = ContextOf(operation);
  if (operation.who.context == 0) ReplyTick(context, Handle(), *process);
  ClaimCalls(context, Handle(), *process);
}

void TraceLinker::ReplyEnded(Handle request, const Operation& operation, bool replied) {
  const RequestRecord* record = requests_.Find(request);
  if (record == nullptr) return;
  Process* process = FindProcess(record->pid);
  if (replied && record->replied) ClaimCalls(ContextOf(operation), request, *process);
  CloseRequest(request, *process);
  process->last_ns = std::max(process->last_ns, operation.time_ns);
  SettleCalls(*process);
}

void TraceLinker::CloseRequest(Handle request, Process& process) {
  const RequestRecord& record = *requests_.Find(request);
  if (std::unique_ptr<Context>* context = contexts_.Find(record.context)) (*context)->Close();
  if (record.header_hash != 0) process.headers.Remove(record.header_hash);
  if (record.id_hash != 0) process.ids.Remove(record.id_hash);
  requests_.Remove(request);
  --process.open_count;
  while (!process.open.empty() && requests_.Find(process.open.front()) == nullptr) {
    process.open.pop_front();
  }
}

// Calls that began before every request that is open now have seen all the evidence there will be.
void TraceLinker::SettleCalls(Process& process) {
  const RequestRecord* first =
      process.open.empty() ? nullptr : requests_.Find(process.open.front());
  while (!process.calls.empty()) {
    const Handle call = process.calls.front();
    CallRecord* record = calls_.Find(call);
    const bool undecided = record != nullptr && !record->decided;
    if (undecided && first != nullptr && first->serial < record->origin.serial) return;
    process.calls.pop_front();
    if (undecided) DecideLast(call, *record, process);
  }
}

void TraceLinker::Expire(Nanoseconds now) {
  while (!ended_.empty() && ended_.front().first + limits_.wait_ns < now) {
    const Handle call = ended_.front().second;
    ended_.pop_front();
    Abandon(call, Reason::kWaited);
  }
  while (!connect_order_.empty()) {
    const auto [connection, serial] = connect_order_.front();
    const ConnectRecord* connect = connects_.Find(connection);
    const bool here = connect != nullptr && connect->origin.serial == serial;
    if (here && connect->time_ns + kIdleNs >= now) break;
    if (here) ForgetConnect(connection);
    connect_order_.pop_front();
  }
  if (now >= next_sweep_ns_) Sweep(now);
}

// Forgets contexts and processes that have nothing open and were not heard of for long; when there
// are too many, all that have nothing open.
void TraceLinker::Sweep(Nanoseconds now) {
  next_sweep_ns_ = now + kSweepEveryNs;
  const Nanoseconds old = now > kIdleNs ? now - kIdleNs : 0;
  const bool many = contexts_.size() > limits_.max_contexts;
  contexts_.EraseIf([&](uint64_t /*key*/, const std::unique_ptr<Context>& context) {
    return context->idle() && (many || context->last_ns < old);
  });
  const bool crowded = processes_.size() > limits_.max_processes;
  processes_.EraseIf([&](uint64_t /*pid*/, const std::unique_ptr<Process>& process) {
    return process->open_count == 0 && process->calls.empty() &&
           (crowded || process->last_ns < old);
  });
}

void TraceLinker::Finish() {
  while (!oldest_.empty()) {
    const Handle call = oldest_.front();
    oldest_.pop_front();
    Abandon(call, Reason::kWaited);
  }
}

}  // namespace spanwire::trace::link
