// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "agent/app/options.h"
#include "agent/base/ledger.h"
#include "agent/base/result.h"
#include "agent/connection/limits.h"
#include "agent/connection/policy.h"
#include "agent/connection/round.h"
#include "agent/connection/sharded_tracker.h"
#include "agent/connection/tracker.h"
#include "agent/exporter/exporter.h"
#include "agent/model/event.h"
#include "agent/trace/processor.h"
#include "agent/trace/span_relay.h"
#include "agent/trace/trace_stage.h"

namespace spanwire::app {

// Gives spans to every exporter. One thread at a time.
class SpanBatcher final : public trace::SpanSink {
 public:
  void Add(std::unique_ptr<exporter::SpanExporter> exporter);
  void OnSpan(model::Span& span) override;

  // For the moment no more come. Errors go to stderr, each kind once.
  void Flush();
  // All exporters at once, so that the slowest of them sets the time.
  void Shutdown(std::chrono::milliseconds limit);

  // Any thread.
  uint64_t spans() const { return spans_.Get(); }

 private:
  void Report(const Result<>& result);

  std::vector<std::unique_ptr<exporter::SpanExporter>> exporters_;
  Counter spans_;
  std::string last_error_;
};

struct PipelineSettings {
  connection::TrackerLimits limits;
  protocol::ParserOptions parsing;
  trace::TraceLimits traces;
  size_t shards = 1;
};
// What `options` ask for.
PipelineSettings SettingsOf(const Options& options);

// The corridor from an event to the exporters:
//   ConnectionTracker -> TraceStage -> processors (Redactor) -> SpanBatcher -> exporters
// With one shard all of it runs on the caller's thread. With more, a ShardedTracker stands in the
// tracker's place and the TraceStage runs on its last thread; a SpanRelay takes the spans to one
// more. What comes out is the same, byte for byte. The stages of the ledger stand in this order.
class Pipeline final : public model::EventSink {
 public:
  Pipeline(Ledger& ledger, connection::PolicySink& policies, const PipelineSettings& settings);

  // The exporters' ledger stages come after the pipeline's own: add them before the first event.
  SpanBatcher& spans() { return batcher_; }
  uint64_t span_count() const { return batcher_.spans(); }

  void OnData(const model::DataEvent& event) override {
    sharded_ ? sharded_->OnData(event) : tracker_->OnData(event);
  }
  void OnConnection(const model::ConnectionEvent& event) override {
    sharded_ ? sharded_->OnConnection(event) : tracker_->OnConnection(event);
  }
  void OnProcess(const model::Process& process) override {
    sharded_ ? sharded_->OnProcess(process) : tracker_->OnProcess(process);
  }
  void OnTick(const ClockAnchor& now) override;

  // Nothing more comes for a while: what was gathered goes on to the exporters.
  void Flush();

  // Waits until everything given before is with the exporters or held. The ledger is exact then,
  // and only then.
  void Settle();

  // Requires Settle().
  const trace::LinkReport& links() const { return traces_.links(); }

  // Ends what is open; every span is out or counted afterwards.
  void Finish(std::chrono::milliseconds limit);

  // Something waits for time to pass.
  bool Waiting() const;
  // See ConnectionTracker::NeedsSweep().
  bool NeedsSweep() const { return sharded_ ? sharded_->NeedsSweep() : tracker_->NeedsSweep(); }

 private:
  // What comes between the exchanges, behind the shards.
  class Between final : public connection::RoundSink {
   public:
    explicit Between(Pipeline& pipeline) : pipeline_(pipeline) {}
    void OnTick(const ClockAnchor& now) override { pipeline_.traces_.OnTick(now); }
    void OnFlush() override { pipeline_.relay_->Flush(); }

   private:
    Pipeline& pipeline_;
  };

  std::unique_ptr<trace::SpanRelay> MakeRelay();

  SpanBatcher batcher_;
  connection::ConnectionStages stages_;
  Stage& span_stage_;
  trace::ProcessorChain processors_;
  std::unique_ptr<trace::SpanRelay> relay_;  // with several shards
  trace::TraceStage traces_;
  Between between_{*this};
  Nanoseconds now_ns_ = 0;
  std::optional<connection::ConnectionTracker> tracker_;  // one of the two
  std::optional<connection::ShardedTracker> sharded_;     // last: its threads use all the others
};

}  // namespace spanwire::app
