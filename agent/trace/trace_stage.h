// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "agent/base/ledger.h"
#include "agent/base/time.h"
#include "agent/model/message.h"
#include "agent/trace/span_sink.h"

namespace spanwire::trace {

struct TraceLimits {
  // How long the span of a server whose client may run on this host waits for the client's end to
  // show up, so that it gets its parent.
  Nanoseconds hop_wait_ns = 50'000'000;
  // How long a client's request waits to be met by its server's end.
  Nanoseconds hop_expiry_ns = 10'000'000'000;
  size_t max_hops = 65'536;
  size_t max_waiting_spans = 16'384;
};

// Turns exchanges into spans: ids, the parent (a `traceparent` header, or the other end of a hop
// within this host), attributes, status, wall times. The stage "span" of the ledger.
//
// Deterministic: the same exchanges and ticks give the same spans. Shard's thread.
class TraceStage final : public model::ExchangeSink {
 public:
  // `stage`: unit spans; held are the spans that wait for their parent.
  TraceStage(Stage& stage, SpanSink& next, const TraceLimits& limits = {});
  ~TraceStage() override;

  void OnRequest(const model::Exchange& exchange) override;
  void OnStep(const model::Step& step) override;
  void OnExchange(model::Exchange& exchange) override;

  // Moves time: the anchor for wall times, and the end of waiting. The first tick comes before the
  // first exchange. Call after ConnectionTracker::OnTick().
  void OnTick(const ClockAnchor& now);

  // Hands on what still waits. Call once, after ConnectionTracker::Finish().
  void Finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spanwire::trace
