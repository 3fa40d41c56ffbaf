// SPDX-License-Identifier: Apache-2.0
#include "agent/app/pipeline.h"

#include <algorithm>
#include <cstdio>
#include <thread>
#include <utility>

#include "agent/protocol/registry.h"
#include "agent/trace/redactor.h"

namespace spanwire::app {

void SpanBatcher::Add(std::unique_ptr<exporter::SpanExporter> exporter) {
  exporters_.push_back(std::move(exporter));
}

void SpanBatcher::OnSpan(model::Span& span) {
  spans_.Add();
  for (auto& exporter : exporters_) Report(exporter->Export({&span, 1}));
}

void SpanBatcher::Flush() {
  for (auto& exporter : exporters_) Report(exporter->Flush());
}

void SpanBatcher::Shutdown(std::chrono::milliseconds limit) {
  std::vector<Result<>> results(exporters_.size());
  std::vector<std::jthread> threads;
  threads.reserve(exporters_.size());
  for (size_t i = 0; i < exporters_.size(); ++i) {
    threads.emplace_back(
        [this, limit, i, &results] { results[i] = exporters_[i]->Shutdown(limit); });
  }
  threads.clear();  // waits
  for (const Result<>& result : results) Report(result);
}

void SpanBatcher::Report(const Result<>& result) {
  if (result || result.error().message == last_error_) return;
  last_error_ = result.error().message;
  std::fprintf(stderr, "spanwire: %s\n", last_error_.c_str());
}

Pipeline::Pipeline(Ledger& ledger, connection::PolicySink& policies,
                   const PipelineSettings& settings)
    : stages_(connection::AddConnectionStages(ledger)),
      span_stage_(ledger.AddStage("span", "spans")),
      processors_(ledger, batcher_),
      relay_(settings.shards > 1 ? MakeRelay() : nullptr),
      traces_(span_stage_, relay_ ? static_cast<trace::SpanSink&>(*relay_) : processors_,
              settings.traces) {
  processors_.Add(std::make_unique<trace::Redactor>());
  const connection::TrackerParts parts{.protocols = protocol::Registry(),
                                       .stages = stages_,
                                       .exchanges = &traces_,
                                       .policies = &policies,
                                       .parsing = settings.parsing};
  if (settings.shards > 1) {
    connection::ShardingOptions sharding;
    sharding.shards = settings.shards;
    sharded_.emplace(parts, settings.limits, between_, sharding);
  } else {
    tracker_.emplace(parts, settings.limits);
  }
}

std::unique_ptr<trace::SpanRelay> Pipeline::MakeRelay() {
  return std::make_unique<trace::SpanRelay>(processors_, [this] { batcher_.Flush(); });
}

// A quarter of the processors, at least one and at most eight: the agent shall not push aside what
// it traces, and below eight processors one thread keeps up with what the rest can do.
static size_t AutomaticShards() {
  return std::clamp<size_t>(std::thread::hardware_concurrency() / 4, 1, 8);
}

// Lines are read while they appear, and say little of parents: nobody waits for those.
static bool ShowsLinesOnly(const Options& options) {
  return options.verb == Verb::kTail && options.exports.otlp_file.empty() &&
         !options.exports.otlp_endpoint;
}

PipelineSettings SettingsOf(const Options& options) {
  PipelineSettings settings;
  if (ShowsLinesOnly(options)) {
    settings.traces.link_wait_ns = settings.traces.hop_wait_ns;
    settings.traces.hold_ns = settings.traces.hop_wait_ns;
  }
  settings.shards = options.pipeline.shards > 0 ? options.pipeline.shards : AutomaticShards();
  settings.parsing.query_text = options.pipeline.db_query_text;
  connection::TrackerLimits& limits = settings.limits;
  limits.total_bytes = options.pipeline.memory_limit_bytes;
  limits.idle_ns = static_cast<Nanoseconds>(options.pipeline.idle_timeout.count()) * 1'000'000;
  limits.request_timeout_ns =
      static_cast<Nanoseconds>(options.pipeline.request_timeout.count()) * 1'000'000;
  limits.default_budget_bytes = options.capture.capture_size_bytes;
  return settings;
}

void Pipeline::OnTick(const ClockAnchor& now) {
  now_ns_ = now.monotonic_ns;
  if (sharded_) {
    sharded_->OnTick(now);
    return;
  }
  tracker_->OnTick(now);
  traces_.OnTick(now);
}

void Pipeline::Flush() { sharded_ ? sharded_->Flush() : batcher_.Flush(); }

void Pipeline::Settle() {
  if (!sharded_) return;
  sharded_->Settle();
  relay_->Settle();
}

void Pipeline::Finish(std::chrono::milliseconds limit) {
  sharded_ ? sharded_->Finish(now_ns_) : tracker_->Finish(now_ns_);
  traces_.Finish();
  if (relay_) relay_->Settle();
  batcher_.Shutdown(limit);
}

bool Pipeline::Waiting() const {
  return span_stage_.held.Get() > 0 || (sharded_ ? sharded_->Waits() : tracker_->Waits());
}

}  // namespace spanwire::app
