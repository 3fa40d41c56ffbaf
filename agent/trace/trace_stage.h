// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "agent/base/ledger.h"
#include "agent/base/time.h"
#include "agent/model/message.h"
#include "agent/trace/link_report.h"
#include "agent/trace/span_sink.h"

namespace spanwire::trace {

struct TraceLimits {
  // How long the span of a server whose client may run on this host waits for the client's end to
  // show up, so that it gets its parent.
  Nanoseconds hop_wait_ns = 50'000'000;
  // How long a client's request waits to be met by its server's end.
  Nanoseconds hop_expiry_ns = 10'000'000'000;
  // How long a client's span waits for the reply that tells which request it belongs to.
  Nanoseconds link_wait_ns = 5'000'000'000;
  // How long a span waits for its trace, which others above it may still be waiting for.
  Nanoseconds hold_ns = 10'000'000'000;
  size_t max_hops = 65'536;
  size_t max_waiting_spans = 16'384;
};

// Turns exchanges into spans: ids, parents, attributes, status, wall times. The stage "span" of the
// ledger.
//
// A server's parent is the other end of the hop within this host, or what its header names; a
// client's is the request that caused it (link/linker.h), or what its header names. A span leaves
// when it has ended and its trace id is final, which is when the parents above it are known: a root
// at once, the tree below it with the reply that tells whose calls they were.
//
// Deterministic: the same exchanges, steps and ticks give the same spans. One thread.
class TraceStage final : public model::ExchangeSink {
 public:
  // `stage`: unit spans; held are the spans that wait for their parents.
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

  const LinkReport& links() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spanwire::trace
