// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/trace_stage.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "agent/model/conventions.h"
#include "agent/trace/address.h"
#include "agent/trace/hop_table.h"
#include "agent/trace/ids.h"
#include "agent/trace/span_builder.h"
#include "agent/trace/unknown_processes.h"
#include "agent/trace/waiting_spans.h"

namespace spanwire::trace {
namespace {

namespace key = model::key;
using model::Exchange;
using model::Span;

constexpr uint8_t kSampled = 1;
constexpr size_t kMaxSpare = 64;

}  // namespace

class TraceStage::Impl {
 public:
  Impl(Stage& stage, SpanSink& next, const TraceLimits& limits)
      : stage_(stage), next_(next), limits_(limits), hops_(limits.max_hops, limits.hop_expiry_ns) {}

  void OnRequest(const Exchange& exchange);
  void OnExchange(Exchange& exchange);
  void OnTick(const ClockAnchor& now);
  void Finish();

 private:
  void OnClientRequest(const Exchange& exchange);
  void Link(const HopKey& hop, const Exchange& exchange, const HopContext* parent,
            Span& span) const;
  void Hold(const HopKey& hop, std::unique_ptr<Span> span, Nanoseconds ended_ns);
  void HandOn(std::unique_ptr<Span> span);
  std::unique_ptr<Span> TakeSpan();

  Stage& stage_;
  SpanSink& next_;
  TraceLimits limits_;
  ClockAnchor anchor_;
  SpanBuilder builder_;
  LocalAddresses addresses_;
  HopTable hops_;
  WaitingSpans waiting_;
  UnknownProcesses unknown_;
  std::vector<std::unique_ptr<Span>> spare_;
};

namespace {

void AdoptParent(const HopContext& hop, Span& span) {
  span.trace_id = hop.trace_id;
  span.parent_span_id = hop.span_id;
  span.parent_is_remote = true;
  span.trace_flags = hop.flags;
  span.attributes.Set(key::kLinkMethod, "sequence");
}

}  // namespace

void TraceStage::Impl::OnRequest(const Exchange& exchange) {
  addresses_.Learn(*exchange.connection);
  if (exchange.is_client) {
    OnClientRequest(exchange);
    return;
  }
  const HopKey hop = KeyOf(exchange);
  if (hop.shared) hops_.Claim(hop.hash);
}

// Announces this end to the server's, which may have come first.
void TraceStage::Impl::OnClientRequest(const Exchange& exchange) {
  const HopKey hop = KeyOf(exchange);
  if (!hop.shared) return;
  const uint64_t wall_ns = anchor_.ToWall(exchange.request_at.first_ns);
  const model::TraceContext& header = exchange.request.context;
  HopContext context;
  context.trace_id = header.valid ? header.trace_id : MakeTraceId(hop, wall_ns);
  context.span_id = MakeClientSpanId(hop, wall_ns);
  context.flags = header.valid ? header.flags : kSampled;
  if (auto span = waiting_.Take(hop.hash); span != nullptr) {
    AdoptParent(context, *span);
    stage_.held.Subtract();
    HandOn(std::move(span));
    return;
  }
  hops_.Add(hop.hash, context, exchange.request_at.first_ns);
}

void TraceStage::Impl::OnExchange(Exchange& exchange) {
  stage_.in.Add();
  const HopKey hop = KeyOf(exchange);
  const bool may_join = !exchange.is_client && hop.shared;
  HopContext parent;
  const bool joined = may_join && hops_.Take(hop.hash, parent);
  const bool wait = may_join && !joined && addresses_.MayBeLocal(*exchange.connection);
  if (exchange.process == nullptr) exchange.process = unknown_.Find(exchange.request_at.who.pid);
  const Nanoseconds ended_ns = exchange.ended_ns;
  std::unique_ptr<Span> span = TakeSpan();
  builder_.Fill(exchange, anchor_, *span);
  Link(hop, exchange, joined ? &parent : nullptr, *span);
  if (wait) {
    Hold(hop, std::move(span), ended_ns);
  } else {
    HandOn(std::move(span));
  }
}

// Ids, and the parent as far as it is known now: `parent` is the other end of the hop, or null.
void TraceStage::Impl::Link(const HopKey& hop, const Exchange& exchange, const HopContext* parent,
                            Span& span) const {
  const uint64_t wall_ns = anchor_.ToWall(exchange.request_at.first_ns);
  const model::TraceContext& header = exchange.request.context;
  span.span_id =
      exchange.is_client ? MakeClientSpanId(hop, wall_ns) : MakeServerSpanId(hop, wall_ns);
  if (header.valid) span.trace_state = header.trace_state;
  if (parent != nullptr) {
    AdoptParent(*parent, span);
    return;
  }
  if (!header.valid) {
    span.trace_id = MakeTraceId(hop, wall_ns);
    span.trace_flags = kSampled;
    return;
  }
  span.trace_id = header.trace_id;
  span.parent_span_id = header.span_id;
  span.trace_flags = header.flags;
  // A client's header was written in its own process, a server's came from elsewhere.
  span.parent_is_remote = !exchange.is_client;
  span.attributes.Add(key::kLinkMethod, "traceparent");
}

void TraceStage::Impl::Hold(const HopKey& hop, std::unique_ptr<Span> span, Nanoseconds ended_ns) {
  if (waiting_.size() >= limits_.max_waiting_spans) {
    stage_.held.Subtract();
    HandOn(waiting_.TakeOldest());
  }
  stage_.held.Add();
  waiting_.Add(hop.hash, std::move(span), ended_ns + limits_.hop_wait_ns);
}

void TraceStage::Impl::HandOn(std::unique_ptr<Span> span) {
  stage_.out.Add();
  next_.OnSpan(*span);
  if (spare_.size() >= kMaxSpare) return;
  span->Clear();
  spare_.push_back(std::move(span));
}

std::unique_ptr<Span> TraceStage::Impl::TakeSpan() {
  if (spare_.empty()) return std::make_unique<Span>();
  auto span = std::move(spare_.back());
  spare_.pop_back();
  return span;
}

void TraceStage::Impl::OnTick(const ClockAnchor& now) {
  while (auto span = waiting_.TakeDue(now.monotonic_ns)) {
    stage_.held.Subtract();
    HandOn(std::move(span));
  }
  hops_.Expire(now.monotonic_ns);
  anchor_ = now;
}

void TraceStage::Impl::Finish() {
  while (auto span = waiting_.TakeOldest()) {
    stage_.held.Subtract();
    HandOn(std::move(span));
  }
}

TraceStage::TraceStage(Stage& stage, SpanSink& next, const TraceLimits& limits)
    : impl_(std::make_unique<Impl>(stage, next, limits)) {}
TraceStage::~TraceStage() = default;

void TraceStage::OnRequest(const Exchange& exchange) { impl_->OnRequest(exchange); }
void TraceStage::OnStep(const model::Step& /*step*/) {}
void TraceStage::OnExchange(Exchange& exchange) { impl_->OnExchange(exchange); }
void TraceStage::OnTick(const ClockAnchor& now) { impl_->OnTick(now); }
void TraceStage::Finish() { impl_->Finish(); }

}  // namespace spanwire::trace
