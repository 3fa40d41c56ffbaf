// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/trace_stage.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "agent/model/conventions.h"
#include "agent/trace/address.h"
#include "agent/trace/hop_table.h"
#include "agent/trace/ids.h"
#include "agent/trace/link/linker.h"
#include "agent/trace/link/rules.h"
#include "agent/trace/link_input.h"
#include "agent/trace/recent_nodes.h"
#include "agent/trace/span_builder.h"
#include "agent/trace/span_pool.h"
#include "agent/trace/span_tree.h"
#include "agent/trace/unknown_processes.h"

namespace spanwire::trace {
namespace {

namespace key = model::key;
using link::Link;
using link::Reason;
using link::TraceLinker;
using model::Exchange;
using model::Span;

constexpr uint8_t kSampled = 1;

link::LinkLimits LinkLimitsOf(const TraceLimits& limits) {
  link::LinkLimits link;
  link.wait_ns = limits.link_wait_ns;
  return link;
}

}  // namespace

class TraceStage::Impl final : public link::LinkSink, public NodeSink {
 public:
  Impl(Stage& stage, SpanSink& next, const TraceLimits& limits)
      : stage_(stage),
        next_(next),
        limits_(limits),
        hops_(limits.max_hops, limits.hop_expiry_ns),
        linker_(*this, LinkLimitsOf(limits)) {}

  void OnRequest(const Exchange& exchange);
  void OnStep(const model::Step& step);
  void OnExchange(Exchange& exchange);
  void OnTick(const ClockAnchor& now);
  void Finish();
  const LinkReport& links() const { return report_; }

  void OnLink(Handle call, const Link& link) override;
  void OnReady(Handle handle, Node& node) override;

 private:
  using Queue = std::deque<std::pair<Nanoseconds, Handle>>;  // deadlines

  Handle AddNode(const Exchange& exchange, const HopKey& hop);
  void BeginClient(Handle handle, const Exchange& exchange, const HopKey& hop);
  void BeginServer(Handle handle, const Exchange& exchange, const HopKey& hop);
  void AnnounceHop(Handle client, const HopKey& hop, Nanoseconds now);
  void JoinHop(Handle server, const HopContext& client);
  void EndLink(const Node& node, const Exchange& exchange);
  bool AttachToRecent(Handle call, const Link& link);
  void CompareHeader(Handle call, const Node& parent);
  void AddCandidates(const Link& link, Node& node);
  void ResolveAlone(Handle handle);
  void Force(Handle handle);
  void WaitFor(Handle handle, Nanoseconds ended_ns);

  Stage& stage_;
  SpanSink& next_;
  TraceLimits limits_;
  ClockAnchor anchor_;
  SpanBuilder builder_;
  LocalAddresses addresses_;
  HopTable hops_;
  KeyTable<Handle> awaited_;  // servers whose client's end has not shown up, by hop
  SpanTree tree_{*this};
  RecentNodes recent_;
  TraceLinker linker_;
  LinkReport report_;
  Queue hop_waits_;   // ended servers that wait for their client's end
  Queue hold_waits_;  // all spans that wait
  UnknownProcesses unknown_;
  SpanPool spans_;
};

void TraceStage::Impl::OnRequest(const Exchange& exchange) {
  addresses_.Learn(*exchange.connection);
  const HopKey hop = KeyOf(exchange);
  const Handle handle = AddNode(exchange, hop);
  if (exchange.is_client) {
    BeginClient(handle, exchange, hop);
  } else {
    BeginServer(handle, exchange, hop);
  }
}

// The ids that it has as long as no parent is known.
Handle TraceStage::Impl::AddNode(const Exchange& exchange, const HopKey& hop) {
  const uint64_t wall_ns = anchor_.ToWall(exchange.request_at.first_ns);
  const model::TraceContext& header = exchange.request.context;
  Node node;
  node.name = SpanTree::NameOf(exchange.connection->id, exchange.ordinal);
  node.is_client = exchange.is_client;
  if (header.valid) node.header = header.source;
  node.hop = hop.hash;
  node.hop_taken = !hop.shared;
  node.flags = header.valid ? header.flags : kSampled;
  node.trace_id = header.valid ? header.trace_id : MakeTraceId(hop, wall_ns);
  if (header.valid) node.parent_span_id = header.span_id;
  node.span_id =
      exchange.is_client ? MakeClientSpanId(hop, wall_ns) : MakeServerSpanId(hop, wall_ns);
  return tree_.Add(std::move(node));
}

void TraceStage::Impl::BeginClient(Handle handle, const Exchange& exchange, const HopKey& hop) {
  // First of all: the request at the other end, if it is known already, is no cause of this call.
  if (hop.shared) AnnounceHop(handle, hop, exchange.request_at.first_ns);
  const TraceLinker::Call call{.node = handle,
                               .connection = exchange.connection->id,
                               .reused = exchange.ordinal > 0 || exchange.connection->joined,
                               .at_once = exchange.connection->transport == model::Transport::kUnix,
                               .header_hash = HashOf(exchange.request.context),
                               .id_hash = exchange.request.request_id};
  const Handle link = linker_.CallBegun(call, AtBegin(exchange.request_at));
  Node& node = *tree_.Find(handle);
  node.link = link;
  if (!node.header.empty() && !node.parent) ResolveAlone(handle);
}

// The server's end may have come first.
void TraceStage::Impl::AnnounceHop(Handle client, const HopKey& hop, Nanoseconds now) {
  Node& node = *tree_.Find(client);
  const HopContext context{client, node.trace_id, node.span_id, node.flags};
  const Handle* awaited = awaited_.Find(hop.hash.low);
  const Node* server = awaited == nullptr ? nullptr : tree_.Find(*awaited);
  if (server != nullptr && server->awaits_hop && server->hop == hop.hash) {
    JoinHop(*awaited, context);
  } else {
    hops_.Add(hop.hash, context, now);
  }
}

void TraceStage::Impl::BeginServer(Handle handle, const Exchange& exchange, const HopKey& hop) {
  const Handle link = linker_.RequestRead({.node = handle,
                                           .header_hash = HashOf(exchange.request.context),
                                           .id_hash = exchange.request.request_id},
                                          AtEnd(exchange.request_at));
  Node& node = *tree_.Find(handle);
  node.link = link;
  HopContext client;
  if (hop.shared && hops_.Take(hop.hash, client)) {
    JoinHop(handle, client);
  } else if (hop.shared && addresses_.MayBeLocal(*exchange.connection)) {
    node.awaits_hop = true;
    awaited_.Put(hop.hash.low) = handle;
  } else {
    ResolveAlone(handle);
  }
}

void TraceStage::Impl::JoinHop(Handle server, const HopContext& client) {
  Node& node = *tree_.Find(server);
  if (std::exchange(node.awaits_hop, false)) awaited_.Erase(node.hop.low);
  node.method = "sequence";
  node.remote = true;
  if (Node* other = tree_.Find(client.node)) {
    other->hop_taken = true;
    if (!tree_.Attach(server, client.node)) ResolveAlone(server);
    return;
  }
  node.parent_span_id = client.span_id;
  node.trace_id = client.trace_id;
  node.flags = client.flags;
  tree_.Resolve(server);
}

// Nothing within this host is above it: its header names its parent, or it has none.
void TraceStage::Impl::ResolveAlone(Handle handle) {
  Node& node = *tree_.Find(handle);
  if (std::exchange(node.awaits_hop, false)) awaited_.Erase(node.hop.low);
  node.parent = {};
  if (!node.header.empty()) {
    node.method = node.header;
    // A client's header was written in its own process, a server's came from elsewhere.
    node.remote = !node.is_client;
  } else {
    node.method = {};
    node.parent_span_id = {};
    if (node.reason.empty()) node.reason = NameOf(Reason::kRoot);
  }
  tree_.Resolve(handle);
}

void TraceStage::Impl::OnLink(Handle call, const Link& link) {
  Node* node = tree_.Find(call);
  const Node* parent = tree_.Find(link.parent);
  if (node == nullptr || node->resolved) {
    if (parent != nullptr) CompareHeader(call, *parent);
    return;
  }
  node->reason = NameOf(link.reason);
  if (parent != nullptr) {
    node->method = NameOf(link.method);
    node->confidence = link.confidence;
    if (tree_.Attach(call, link.parent)) return;
    node->reason = NameOf(Reason::kCycle);
    node->confidence = 0;
  } else if (link.parent && AttachToRecent(call, link)) {
    return;
  }
  AddCandidates(link, *node);
  ResolveAlone(call);
}

// The parent has left: its ids are final.
bool TraceStage::Impl::AttachToRecent(Handle call, const Link& link) {
  Node& node = *tree_.Find(call);
  const model::SpanLink* parent = recent_.Find(link.parent);
  if (parent == nullptr) {
    node.reason = NameOf(Reason::kEvicted);
    return false;
  }
  node.method = NameOf(link.method);
  node.confidence = link.confidence;
  node.parent_span_id = parent->span_id;
  if (node.header.empty()) node.trace_id = parent->trace_id;
  tree_.Resolve(call);
  return true;
}

// Evidence names a parent for a call whose header did.
void TraceStage::Impl::CompareHeader(Handle call, const Node& parent) {
  const Node* node = tree_.Find(call);
  const model::SpanLink* left = recent_.Find(call);
  const bool with_header = node != nullptr ? !node->header.empty() : left != nullptr;
  if (!with_header) return;
  const model::TraceId& trace = node != nullptr ? node->trace_id : left->trace_id;
  if (trace != parent.trace_id) report_.CountDisagreement();
}

void TraceStage::Impl::AddCandidates(const Link& link, Node& node) {
  for (const Handle candidate : link.candidates) {
    const Node* other = tree_.Find(candidate);
    if (other != nullptr && other->resolved) {
      node.links.push_back({other->trace_id, other->span_id});
    } else if (const model::SpanLink* left = recent_.Find(candidate)) {
      node.links.push_back(*left);
    }
  }
}

void TraceStage::Impl::OnStep(const model::Step& step) {
  const TraceLinker::Operation operation{step.who, step.time_ns};
  if (step.kind == model::StepKind::kConnect) return linker_.Connected(step.connection, operation);
  if (step.kind == model::StepKind::kStray) {
    return step.is_client ? linker_.CallAnswered({}, operation) : linker_.StrayReply(operation);
  }
  const Node* node = tree_.Find(tree_.FindName(SpanTree::NameOf(step.connection, step.ordinal)));
  if (node == nullptr) return;
  if (step.kind == model::StepKind::kRequestEnd) {
    if (!step.is_client) linker_.RequestEnded(node->link, operation);
  } else if (step.is_client) {
    linker_.CallAnswered(node->link, operation);
  } else {
    linker_.ReplyBegun(node->link, operation);
  }
  stage_.held.Set(tree_.held());
}

void TraceStage::Impl::OnExchange(Exchange& exchange) {
  stage_.in.Add();
  const uint64_t name = SpanTree::NameOf(exchange.connection->id, exchange.ordinal);
  if (!tree_.FindName(name)) OnRequest(exchange);
  const Handle handle = tree_.FindName(name);
  EndLink(*tree_.Find(handle), exchange);
  if (exchange.process == nullptr) exchange.process = unknown_.Find(exchange.request_at.who.pid);
  const Nanoseconds ended_ns = exchange.ended_ns;
  std::unique_ptr<Span> span = spans_.Take();
  if (exchange.request.context.valid) span->trace_state = exchange.request.context.trace_state;
  builder_.Fill(exchange, anchor_, *span);
  tree_.End(handle, std::move(span));
  if (tree_.Find(handle) != nullptr) WaitFor(handle, ended_ns);
  stage_.held.Set(tree_.held());
}

void TraceStage::Impl::EndLink(const Node& node, const Exchange& exchange) {
  const bool answered = IsAnswered(exchange);
  const auto operation = AtEnd(answered ? exchange.response_at : exchange.request_at);
  const Handle link = node.link;
  if (exchange.is_client) {
    linker_.CallEnded(link, operation, answered);
  } else {
    linker_.ReplyEnded(link, operation, answered);
  }
}

void TraceStage::Impl::WaitFor(Handle handle, Nanoseconds ended_ns) {
  if (tree_.Find(handle)->awaits_hop) {
    hop_waits_.emplace_back(ended_ns + limits_.hop_wait_ns, handle);
  }
  hold_waits_.emplace_back(ended_ns + limits_.hold_ns, handle);
  while (tree_.held() > limits_.max_waiting_spans) {
    const Handle oldest = hold_waits_.front().second;
    hold_waits_.pop_front();
    Force(oldest);
  }
  while (!hold_waits_.empty() && tree_.Find(hold_waits_.front().second) == nullptr) {
    hold_waits_.pop_front();
  }
}

// Ends the waiting of `handle`, and of all that waits for the same.
void TraceStage::Impl::Force(Handle handle) {
  while (tree_.Find(handle) != nullptr) {
    const Handle root = tree_.Root(handle);
    const Node& node = *tree_.Find(root);
    if (node.is_client) linker_.Abandon(node.link, Reason::kWaited);
    const Node* left = tree_.Find(root);
    if (left != nullptr && !left->resolved) ResolveAlone(root);
    if (root == handle) return;
  }
}

void TraceStage::Impl::OnReady(Handle handle, Node& node) {
  const bool may_be_named = !node.is_client || !node.header.empty();
  if (may_be_named && linker_.undecided() > 0) recent_.Add(handle, node);
  if (node.is_client && !node.hop_taken) {
    hops_.Update(node.hop, {{}, node.trace_id, node.span_id, node.flags});
  }
  Span& span = *node.span;
  span.trace_id = node.trace_id;
  span.span_id = node.span_id;
  span.parent_span_id = node.parent_span_id;
  span.parent_is_remote = node.remote;
  span.trace_flags = node.flags;
  if (!node.method.empty()) {
    span.attributes.Add(key::kLinkMethod, node.method);
    if (node.confidence > 0) span.attributes.SetDouble(key::kLinkConfidence, node.confidence);
  } else if (node.reason != NameOf(Reason::kRoot)) {
    span.attributes.Add(key::kLinkReason, node.reason);
  }
  std::swap(span.links, node.links);
  report_.Count(*span.process, node.method.empty() ? node.reason : node.method);
  stage_.out.Add();
  next_.OnSpan(span);
  spans_.Give(std::move(node.span));
}

void TraceStage::Impl::OnTick(const ClockAnchor& now) {
  while (!hop_waits_.empty() && hop_waits_.front().first <= now.monotonic_ns) {
    const Handle handle = hop_waits_.front().second;
    hop_waits_.pop_front();
    const Node* node = tree_.Find(handle);
    if (node != nullptr && node->awaits_hop) ResolveAlone(handle);
  }
  linker_.Expire(now.monotonic_ns);
  while (!hold_waits_.empty() && hold_waits_.front().first <= now.monotonic_ns) {
    const Handle handle = hold_waits_.front().second;
    hold_waits_.pop_front();
    Force(handle);
  }
  hops_.Expire(now.monotonic_ns);
  stage_.held.Set(tree_.held());
  anchor_ = now;
}

void TraceStage::Impl::Finish() {
  linker_.Finish();
  while (!hold_waits_.empty()) {
    const Handle handle = hold_waits_.front().second;
    hold_waits_.pop_front();
    Force(handle);
  }
  stage_.held.Set(tree_.held());
}

TraceStage::TraceStage(Stage& stage, SpanSink& next, const TraceLimits& limits)
    : impl_(std::make_unique<Impl>(stage, next, limits)) {}
TraceStage::~TraceStage() = default;

void TraceStage::OnRequest(const Exchange& exchange) { impl_->OnRequest(exchange); }
void TraceStage::OnStep(const model::Step& step) { impl_->OnStep(step); }
void TraceStage::OnExchange(Exchange& exchange) { impl_->OnExchange(exchange); }
void TraceStage::OnTick(const ClockAnchor& now) { impl_->OnTick(now); }
void TraceStage::Finish() { impl_->Finish(); }
const LinkReport& TraceStage::links() const { return impl_->links(); }

}  // namespace spanwire::trace
