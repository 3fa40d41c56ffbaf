// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <utility>

#include "agent/app/exporters.h"
#include "agent/app/live.h"
#include "agent/app/pipeline.h"
#include "agent/app/stats_file.h"
#include "agent/app/stop_signal.h"
#include "agent/capture/recording.h"

namespace spanwire::app {
namespace {

// A replay has no hurry: what it was asked to write is written.
constexpr std::chrono::milliseconds kShutdownLimit{600'000};

Result<> ReadAll(capture::EventSource& source, Pipeline& pipeline) {
  while (!source.finished() && !StopRequested()) {
    auto polled = source.Poll(std::chrono::milliseconds(0), pipeline);
    pipeline.Flush();
    if (!polled) return polled.error();
  }
  return {};
}

ExitCode Complain(const Error& error) {
  std::fprintf(stderr, "spanwire: %s\n", error.message.c_str());
  return kExitFailed;
}

}  // namespace

ExitCode RunReplay(const Options& options) {
  CatchStopSignals();
  Ledger ledger;
  auto source = capture::OpenRecording(options.recording_path, ledger);
  if (!source) return Complain(source.error());
  connection::NoPolicySink policies;
  Pipeline pipeline(ledger, policies, SettingsOf(options));
  auto plan = PlanExports(options);
  if (!plan) return Complain(plan.error());
  const auto added = AddExporters(options, std::move(*plan), ledger, pipeline.spans());
  if (!added) return Complain(added.error());
  const auto read = ReadAll(**source, pipeline);
  pipeline.Finish(kShutdownLimit);
  if (!options.stats.path.empty()) {
    auto written = WriteStatsFile(options.stats.path,
                                  FormatStats(ledger, NumbersOf(pipeline.links()), nullptr));
    if (!written) return Complain(written.error());
  }
  std::fprintf(stderr, "spanwire: %s\n", ledger.ToLine().c_str());
  return read ? kExitOk : Complain(read.error());
}

}  // namespace spanwire::app
