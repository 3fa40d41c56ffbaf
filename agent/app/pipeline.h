// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "agent/app/options.h"
#include "agent/base/ledger.h"
#include "agent/base/result.h"
#include "agent/connection/limits.h"
#include "agent/connection/policy.h"
#include "agent/connection/tracker.h"
#include "agent/exporter/exporter.h"
#include "agent/model/event.h"
#include "agent/trace/processor.h"
#include "agent/trace/trace_stage.h"

namespace spanwire::app {

// Gives spans to every exporter. Shard's thread.
class SpanBatcher final : public trace::SpanSink {
 public:
  void Add(std::unique_ptr<exporter::SpanExporter> exporter);
  void OnSpan(model::Span& span) override;

  // For the moment no more come. Errors go to stderr, each kind once.
  void Flush();
  // All exporters at once, so that the slowest of them sets the time.
  void Shutdown(std::chrono::milliseconds limit);

  uint64_t spans() const { return spans_; }

 private:
  void Report(const Result<>& result);

  std::vector<std::unique_ptr<exporter::SpanExporter>> exporters_;
  uint64_t spans_ = 0;
  std::string last_error_;
};

// The bounds that `options` ask for.
connection::TrackerLimits LimitsOf(const Options& options);

// The corridor from an event to the exporters:
//   ConnectionTracker -> TraceStage -> processors (Redactor) -> SpanBatcher -> exporters
// One thread. The stages of the ledger stand in this order.
class Pipeline final : public model::EventSink {
 public:
  Pipeline(Ledger& ledger, connection::PolicySink& policies,
           const connection::TrackerLimits& limits);

  // The exporters' ledger stages come after the pipeline's own: add them before the first event.
  SpanBatcher& spans() { return batcher_; }
  uint64_t span_count() const { return batcher_.spans(); }

  void OnData(const model::DataEvent& event) override { tracker_.OnData(event); }
  void OnConnection(const model::ConnectionEvent& event) override { tracker_.OnConnection(event); }
  void OnProcess(const model::Process& process) override { tracker_.OnProcess(process); }
  void OnTick(const ClockAnchor& now) override;

  const trace::LinkReport& links() const { return traces_.links(); }

  // Ends what is open; every span is out or counted afterwards.
  void Finish(std::chrono::milliseconds limit);

  // Something waits for time to pass.
  bool Waiting() const;
  // See ConnectionTracker::NeedsSweep().
  bool NeedsSweep() const { return tracker_.NeedsSweep(); }

 private:
  SpanBatcher batcher_;
  connection::ConnectionStages stages_;
  Stage& span_stage_;
  trace::ProcessorChain processors_;
  trace::TraceStage traces_;
  connection::ConnectionTracker tracker_;
  Nanoseconds now_ns_ = 0;
};

}  // namespace spanwire::app
