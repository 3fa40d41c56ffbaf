// SPDX-License-Identifier: Apache-2.0
#include "agent/app/live.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "agent/app/capabilities.h"
#include "agent/app/exporters.h"
#include "agent/app/pipeline.h"
#include "agent/app/stats_file.h"
#include "agent/app/stop_signal.h"
#include "agent/capture/kernel_tracer.h"
#include "agent/capture/recording.h"
#include "agent/capture/ring_buffer_source.h"
#include "agent/exporter/tail.h"
#include "agent/process/resolver.h"

namespace spanwire::app {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kIdlePoll{1000};
constexpr milliseconds kWaitingPoll{20};  // a span waits for its parent to show up
constexpr milliseconds kShutdownLimit{5000};
constexpr Nanoseconds kFirstSweep = 40'000'000;
constexpr Nanoseconds kLastSweep = 1'000'000'000;

// Takes the tracker's decisions to the kernel.
class KernelPolicies final : public connection::PolicySink {
 public:
  explicit KernelPolicies(capture::KernelTracer& tracer) : tracer_(tracer) {}
  void Set(model::ConnectionId connection, const connection::Policy& policy) override {
    tracer_.SetPolicy(connection,
                      {policy.rx_bytes, policy.tx_bytes, policy.rx_call_bytes, policy.tx_call_bytes,
                       policy.single_bytes, static_cast<uint32_t>(policy.mode), policy.reopen});
  }

 private:
  capture::KernelTracer& tracer_;
};

// When to ask the kernel for bytes that it only counted: soon, then ever more seldom while the same
// wait goes on.
class SweepTimer {
 public:
  bool Due(bool needed, Nanoseconds now) {
    if (!needed) {
      interval_ = 0;
      return false;
    }
    if (interval_ == 0) {
      interval_ = kFirstSweep;
      next_ = now + interval_;
    }
    if (now < next_) return false;
    interval_ = std::min(interval_ * 2, kLastSweep);
    next_ = now + interval_;
    return true;
  }

 private:
  Nanoseconds interval_ = 0;
  Nanoseconds next_ = 0;
};

capture::KernelOptions ToKernelOptions(const Options& options) {
  capture::KernelOptions kernel;
  kernel.tier = static_cast<capture::Tier>(options.capture.tier.value_or(0));
  kernel.ring_bytes = options.capture.ring_size_bytes;
  kernel.capture_bytes = options.capture.capture_size_bytes;
  kernel.ports = options.capture.filters.ports;
  kernel.pids = options.capture.filters.pids;
  kernel.comms = options.capture.filters.comms;
  return kernel;
}

std::string OwnPath() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "spanwire" : path.string();
}

// `kernel`: the kernel refused, not a file or an option.
ExitCode Fail(const Options& options, const Error& error, bool kernel) {
  std::fprintf(stderr, "spanwire: %s\n", error.message.c_str());
  const bool daemon = options.verb == Verb::kDaemon;
  if (!kernel) return daemon ? kExitDaemonConfig : kExitFailed;
  if (error.code != EPERM) return kExitUnsupported;
  const std::string advice = PermissionAdvice(EffectiveCapabilities(), OwnPath());
  if (!advice.empty()) std::fprintf(stderr, "spanwire: %s\n", advice.c_str());
  return daemon ? kExitDaemonNoPermission : kExitNoPermission;
}

// One run: everything that lives from attach to exit.
class LiveRun {
 public:
  explicit LiveRun(const Options& options) : options_(options) {}

  Result<> Start() {
    auto resolver = process::ProcResolver::Open(options_.capture.root_path);
    if (!resolver) return resolver.error();
    resolver_ = std::move(*resolver);
    auto tracer = capture::KernelTracer::Start(ToKernelOptions(options_));
    kernel_refused_ = !tracer;
    if (!tracer) return tracer.error();
    tracer_ = std::move(*tracer);
    if (options_.verb == Verb::kRecord) {
      auto writer = capture::RecordingWriter::Create(options_.recording_path, record_stage_);
      if (!writer) return writer.error();
      recording_ = std::move(*writer);
    }
    auto source = capture::RingBufferSource::Create(
        {tracer_.get(), resolver_.get(), &clock_, recording_.get()}, ledger_);
    if (!source) return source.error();
    source_ = std::move(*source);
    policies_.emplace(*tracer_);
    pipeline_.emplace(ledger_, *policies_, LimitsOf(options_));
    return AddExporters(options_, ledger_, pipeline_->spans(), &tail_);
  }

  bool kernel_refused() const { return kernel_refused_; }

  void Announce() const {
    std::fprintf(stderr, "spanwire: ready: tracing by %.*s (tier %d)\n",
                 static_cast<int>(capture::TierName(tracer_->tier()).size()),
                 capture::TierName(tracer_->tier()).data(), static_cast<int>(tracer_->tier()));
  }

  Result<> Loop() {
    const Nanoseconds begin = clock_.Now().monotonic_ns;
    while (!Ended(begin)) {
      auto polled = source_->Poll(PollTime(), *pipeline_);
      if (!polled) return polled.error();
      pipeline_->spans().Flush();
      const Nanoseconds now = clock_.Now().monotonic_ns;
      if (sweep_.Due(pipeline_->NeedsSweep(), now)) tracer_->Sweep();
      WriteStats(now, /*last=*/false);
    }
    return {};
  }

  Result<> Stop() {
    source_->Drain(*pipeline_);
    pipeline_->Finish(kShutdownLimit);
    if (recording_) recording_->Flush();
    WriteStats(clock_.Now().monotonic_ns, /*last=*/true);
    std::fprintf(stderr, "spanwire: %s\n", ledger_.ToLine().c_str());
    return recording_ ? recording_->status() : Result<>();
  }

 private:
  bool Ended(Nanoseconds begin) const {
    if (StopRequested() || (tail_ && tail_->closed())) return true;
    const auto limit = options_.output.limit;
    if (limit > 0 && pipeline_->span_count() >= limit) return true;
    const auto run_for = static_cast<Nanoseconds>(options_.run_for.count()) * 1'000'000;
    return run_for > 0 && clock_.Now().monotonic_ns - begin >= run_for;
  }

  milliseconds PollTime() const {
    milliseconds time = pipeline_->Waiting() || pipeline_->NeedsSweep() ? kWaitingPoll : kIdlePoll;
    if (options_.run_for.count() > 0) time = std::min(time, options_.run_for);
    return time;
  }

  void WriteStats(Nanoseconds now, bool last) {
    if (recording_ && now >= next_stats_) recording_->Flush();
    if (now < next_stats_ && !last) return;
    next_stats_ = now + static_cast<Nanoseconds>(options_.stats.interval.count()) * 1'000'000;
    if (options_.stats.path.empty() && !last) return;
    source_->UpdateLedger();
    if (options_.stats.path.empty()) return;
    const auto counters = tracer_->counters();
    auto written =
        WriteStatsFile(options_.stats.path, FormatStats(ledger_, pipeline_->links(), &counters));
    if (!written && last) std::fprintf(stderr, "spanwire: %s\n", written.error().message.c_str());
  }

  const Options& options_;
  SystemClock clock_;
  Ledger ledger_;
  Stage record_stage_{"recording", "events"};
  std::unique_ptr<process::ProcResolver> resolver_;
  std::unique_ptr<capture::KernelTracer> tracer_;
  std::unique_ptr<capture::RecordingWriter> recording_;
  std::unique_ptr<capture::RingBufferSource> source_;
  std::optional<KernelPolicies> policies_;
  std::optional<Pipeline> pipeline_;
  exporter::TailExporter* tail_ = nullptr;
  SweepTimer sweep_;
  bool kernel_refused_ = false;
  Nanoseconds next_stats_ = 0;
};

}  // namespace

ExitCode RunLive(const Options& options) {
  CatchStopSignals();
  LiveRun run(options);
  if (auto started = run.Start(); !started) {
    return Fail(options, started.error(), run.kernel_refused());
  }
  run.Announce();
  const auto looped = run.Loop();
  const auto stopped = run.Stop();
  for (const auto& result : {looped, stopped}) {
    if (result) continue;
    std::fprintf(stderr, "spanwire: %s\n", result.error().message.c_str());
    return kExitFailed;
  }
  return kExitOk;
}

}  // namespace spanwire::app
