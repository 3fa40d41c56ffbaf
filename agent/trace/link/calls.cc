// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "agent/trace/link/linker.h"
#include "agent/trace/link/rules.h"

namespace spanwire::trace::link {
namespace {

constexpr size_t kMaxCallsKept = 256;
constexpr size_t kSlack = 1024;

}  // namespace

void TraceLinker::Connected(model::ConnectionId connection, const Operation& operation) {
  Process* process = FindProcess(operation.who.pid);
  if (process == nullptr) return;
  while (connect_order_.size() >= limits_.max_connects) {
    const auto [oldest, serial] = connect_order_.front();
    const ConnectRecord* record = connects_.Find(oldest);
    if (record != nullptr && record->origin.serial == serial) ForgetConnect(oldest);
    connect_order_.pop_front();
  }
  ForgetConnect(connection);
  const Origin origin = OriginOf(operation, *process, connection);
  if (std::unique_ptr<Context>* context = contexts_.Find(origin.contexts[0])) {
    ++(*context)->connecting;
  }
  ConnectRecord& record = connects_.Put(connection);
  record.origin = origin;
  record.time_ns = operation.time_ns;
  connect_order_.emplace_back(connection, origin.serial);
}

void TraceLinker::ForgetConnect(model::ConnectionId connection) {
  const ConnectRecord* record = connects_.Find(connection);
  if (record == nullptr) return;
  std::unique_ptr<Context>* context = contexts_.Find(record->origin.contexts[0]);
  if (context != nullptr && (*context)->connecting > 0) --(*context)->connecting;
  connects_.Erase(connection);
}

// Who acts, and what is known of why.
Origin TraceLinker::OriginOf(const Operation& operation, const Process& process,
                             model::ConnectionId connection) {
  Origin origin;
  Context& context = ContextOf(operation);
  origin.serial = ++serial_;
  origin.time_ns = operation.time_ns;
  origin.pid = operation.who.pid;
  origin.reads = process.reads;
  origin.alone = process.open_count == 1;
  origin.contexts[0] = KeyOf(operation.who);
  origin.evidence.own_context = operation.who.context != 0;
  origin.evidence.overlapped = NoteOverlap(context, origin.serial);
  FindSole(context, origin);
  if (!origin.evidence.own_context) FindForward(context, connection, origin);
  return origin;
}

// The only request of the context, or of the one that made it.
void TraceLinker::FindSole(const Context& context, Origin& origin) {
  Evidence& evidence = origin.evidence;
  evidence.sole = context.sole();
  const Context* made = &context;
  for (size_t i = 1; i < origin.contexts.size() && made->creator != 0; ++i) {
    std::unique_ptr<Context>* creator = contexts_.Find(made->creator);
    if (creator == nullptr) return;
    origin.contexts[i] = made->creator;
    made = creator->get();
    if (evidence.sole) continue;
    evidence.sole = made->sole();
    evidence.inherited = static_cast<bool>(evidence.sole);
  }
}

void TraceLinker::FindForward(Context& context, model::ConnectionId connection, Origin& origin) {
  const Cause cause = context.Act();
  origin.evidence.several = cause.kind == Cause::Kind::kSeveral;
  if (cause.kind != Cause::Kind::kOne) return;
  if (cause.is_call) origin.cause = cause.what;
  const RequestRecord* request = requests_.Find(cause.request);
  if (request != nullptr) {
    origin.evidence.forward = cause.request;
    origin.named[0] = request->node;
  }
  origin.evidence.weak = cause.acted_on || (cause.is_call && cause.connection == connection);
}

bool TraceLinker::TakeConnect(model::ConnectionId connection, Origin& origin) {
  const ConnectRecord* record = connects_.Find(connection);
  if (record == nullptr) return false;
  origin = record->origin;
  ForgetConnect(connection);
  return true;
}

Handle TraceLinker::CallBegun(const Call& call, const Operation& operation) {
  Process* process = FindProcess(operation.who.pid);
  Origin origin;
  if (process == nullptr || process->open_count == 0) {
    ForgetConnect(call.connection);
    sink_.OnLink(call.node, {.reason = Reason::kRoot});
    return {};
  }
  process->traits.created.Add(!call.reused);
  if (call.reused || call.at_once) {
    origin = OriginOf(operation, *process, call.connection);
    origin.evidence.reused = call.reused;
  } else if (TakeConnect(call.connection, origin)) {
    origin.evidence.same_context = origin.contexts[0] == KeyOf(operation.who);
  } else {
    // Nobody saw who made the connection: who sends on it now need not be who wanted it.
    origin.serial = ++serial_;
    origin.time_ns = operation.time_ns;
    origin.pid = operation.who.pid;
    origin.evidence.own_context = operation.who.context != 0;
    origin.evidence.same_context = false;
  }
  Evidence& evidence = origin.evidence;
  evidence.header = process->headers.Find(call.header_hash);
  if (!evidence.header) evidence.header = process->ids.Find(call.id_hash);
  return AddCall(call, origin, *process);
}

Handle TraceLinker::AddCall(const Call& call, const Origin& origin, Process& process) {
  Bound(process);
  const Handle handle =
      calls_.Add({.node = call.node, .connection = call.connection, .origin = origin});
  ++undecided_;
  oldest_.push_back(handle);
  process.calls.push_back(handle);
  CallRecord& record = *calls_.Find(handle);
  for (const uint64_t key : origin.contexts) {
    std::unique_ptr<Context>* context = key == 0 ? nullptr : contexts_.Find(key);
    if (context == nullptr) continue;
    if (key == origin.contexts[0]) {
      if ((*context)->overlapped_at > origin.serial) record.origin.evidence.overlapped = true;
      (*context)->under_way.push_back(handle);
    }
    Remember(**context, handle);
  }
  if (record.origin.evidence.header) JudgeCall(handle, record, process);
  return handle;
}

// A context that never replies does not keep its calls for ever.
void TraceLinker::Remember(Context& context, Handle call) {
  if (context.calls.size() >= kMaxCallsKept) {
    std::erase_if(context.calls, [this](Handle old) { return !Undecided(old); });
    if (context.calls.size() >= kMaxCallsKept) context.calls.clear();
  }
  context.calls.push_back(call);
}

// A call begins. Were others under way in its context?
bool TraceLinker::NoteOverlap(Context& context, uint64_t serial) {
  std::erase_if(context.under_way, [this](Handle call) {
    const CallRecord* record = calls_.Find(call);
    return record == nullptr || record->answered;
  });
  if (context.under_way.empty() && context.connecting == 0) return false;
  context.overlapped_at = serial;
  for (const Handle call : context.under_way) calls_.Find(call)->origin.evidence.overlapped = true;
  if (context.under_way.size() >= kMaxCallsKept) context.under_way.clear();
  return true;
}

void TraceLinker::CallAnswered(Handle call, const Operation& operation) {
  Process* process = FindProcess(operation.who.pid);
  if (process == nullptr) return;
  Context& context = ContextOf(operation);
  CallRecord* record = calls_.Find(call);
  if (record != nullptr && !record->answered) {
    Evidence& evidence = record->origin.evidence;
    const bool same = record->origin.contexts[0] == KeyOf(operation.who);
    evidence.same_context = evidence.same_context && same;
    if (!evidence.own_context && record->origin.contexts[0] != 0) {
      process->traits.threads.Add(evidence.same_context);
    }
    record->answered = true;
  }
  if (operation.who.context == 0) ReadAnswer(context, call, record);
}

void TraceLinker::ReadAnswer(Context& context, Handle call, const CallRecord* record) {
  Cause cause{.kind = Cause::Kind::kOne, .is_call = true, .what = call, .request = {}};
  if (record != nullptr) {
    cause.request = record->decided ? record->request : record->origin.evidence.forward;
    cause.connection = record->connection;
  }
  context.Read(cause);
}

void TraceLinker::CallEnded(Handle call, const Operation& operation, bool answered) {
  CallRecord* record = calls_.Find(call);
  if (record == nullptr) return;
  std::unique_ptr<Context>* context = contexts_.Find(KeyOf(operation.who));
  if (answered && context != nullptr && operation.time_ns >= (*context)->last_ns) {
    (*context)->last_ns = operation.time_ns;
    if (operation.who.context == 0) ReadAnswer(**context, call, record);
  }
  record->ended = record->answered = true;
  if (!record->decided) ended_.emplace_back(operation.time_ns, call);
  RemoveIfDone(call, *record);
}

void TraceLinker::JudgeCall(Handle call, CallRecord& record, Process& process) {
  if (record.decided) return;
  const Verdict verdict = Judge(record.origin.evidence, process.traits);
  if (!verdict.request) return;
  // What is told late, because a record before it was lost, meets requests that came after it.
  const RequestRecord* request = requests_.Find(verdict.request);
  if (request != nullptr && request->time_ns > record.origin.time_ns) return;
  Link link;
  link.parent = NodeOf(verdict.request);
  // A request that has ended meanwhile is known by its node.
  if (!link.parent && verdict.request == record.origin.evidence.forward) {
    link.parent = record.origin.named[0];
  }
  if (!link.parent) return;
  link.method = verdict.method;
  link.confidence = verdict.confidence;
  link.reason = Reason::kLinked;
  record.request = verdict.request;
  Decide(call, record, link);
}

// No more evidence will come.
void TraceLinker::DecideLast(Handle call, CallRecord& record, Process& process) {
  JudgeCall(call, record, process);
  if (!Undecided(call)) return;
  if (AwaitsProof(record.origin.evidence, process.traits)) {
    process.unproven.push_back(call);
  } else {
    Abandon(call, Reason::kNoEvidence);
  }
}

// The process has shown something of itself: enough to believe what it did before, or not to.
void TraceLinker::JudgeUnproven(Process& process) {
  while (!process.unproven.empty()) {
    const Handle call = process.unproven.front();
    CallRecord* record = calls_.Find(call);
    const bool waits = record != nullptr && !record->decided;
    if (waits && AwaitsProof(record->origin.evidence, process.traits)) return;
    process.unproven.pop_front();
    if (waits) DecideLast(call, *record, process);
  }
}

void TraceLinker::Abandon(Handle call, Reason reason) {
  CallRecord* record = calls_.Find(call);
  if (record == nullptr || record->decided) return;
  const Evidence& evidence = record->origin.evidence;
  const Verdict verdict = Judge(evidence, {});
  Link link;
  link.reason = reason;
  const bool agrees = evidence.forward && evidence.forward == evidence.backward;
  if (reason == Reason::kNoEvidence && verdict.conflict) {
    link.reason = Reason::kAmbiguous;
    link.candidates = record->origin.named;
  } else if (reason != Reason::kEvicted && agrees) {
    link.reason = Reason::kUnproven;
  }
  Decide(call, *record, link);
}

void TraceLinker::Decide(Handle call, CallRecord& record, const Link& link) {
  record.decided = true;
  --undecided_;
  const Handle node = record.node;
  RemoveIfDone(call, record);
  sink_.OnLink(node, link);
}

void TraceLinker::RemoveIfDone(Handle call, const CallRecord& record) {
  if (record.decided && record.ended) calls_.Remove(call);
}

Handle TraceLinker::NodeOf(Handle request) {
  const RequestRecord* record = requests_.Find(request);
  return record == nullptr ? Handle() : record->node;
}

bool TraceLinker::Undecided(Handle call) {
  const CallRecord* record = calls_.Find(call);
  return record != nullptr && !record->decided;
}

// Room for one call more. The lists keep no more decided calls than undecided ones, and some.
void TraceLinker::Bound(Process& process) {
  while (undecided_ >= limits_.max_calls) {
    const Handle call = oldest_.front();
    oldest_.pop_front();
    Abandon(call, Reason::kEvicted);
  }
  const auto done = [this](Handle call) { return !Undecided(call); };
  if (oldest_.size() > 2 * undecided_ + kSlack) std::erase_if(oldest_, done);
  if (process.calls.size() > 2 * undecided_ + kSlack) std::erase_if(process.calls, done);
}

}  // namespace spanwire::trace::link
