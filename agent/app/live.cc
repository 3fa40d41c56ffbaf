// SPDX-License-Identifier: Apache-2.0
#include "agent/app/live.h"

#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "agent/app/capabilities.h"
#include "agent/app/exporters.h"
#include "agent/app/stats_file.h"
#include "agent/capture/kernel_tracer.h"
#include "agent/capture/recording.h"
#include "agent/keeper/keeper.h"
#include "agent/process/resolver.h"
#include "agent/sandbox/capabilities.h"
#include "agent/sandbox/file_rules.h"

namespace spanwire::app {
namespace {

capture::KernelOptions ToKernelOptions(const Options& options) {
  capture::KernelOptions kernel;
  kernel.tier = static_cast<capture::Tier>(options.capture.tier.value_or(0));
  kernel.ring_bytes = options.capture.ring_size_bytes;
  kernel.capture_bytes = options.capture.capture_size_bytes;
  kernel.datagrams = options.capture.datagrams;
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

// Files below a folder of someone else are only for who overrides its mode.
bool IsAnothersFolder(const std::string& path) {
  if (path.empty()) return false;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  struct stat status{};
  return stat(folder.empty() ? "." : folder.c_str(), &status) == 0 && status.st_uid != geteuid();
}

// What a keeper still needs once the hooks are attached: the maps, /proc of others, and to start
// and end workers that are another user.
sandbox::CapabilitySet NeededLater(const Options& options) {
  auto set = sandbox::SetOf(
      {CAP_BPF, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_SETUID, CAP_SETGID, CAP_KILL});
  if (sandbox::FileRulesVersion() == 0) set |= sandbox::SetOf({CAP_SYS_ADMIN});  // hides /proc
  if (IsAnothersFolder(options.stats.path) || IsAnothersFolder(options.exports.otlp_file)) {
    set |= sandbox::SetOf({CAP_DAC_OVERRIDE});
  }
  return set;
}

// One run: everything that lives from attach to exit.
class LiveRun {
 public:
  LiveRun(const Options& options, const std::vector<std::string>& arguments) : options_(options) {
    parts_.worker_arguments.emplace_back(kWorkerWord);
    parts_.worker_arguments.insert(parts_.worker_arguments.end(), arguments.begin(),
                                   arguments.end());
  }

  Result<> Start() {
    auto resolver = process::ProcResolver::Open(options_.capture.root_path);
    if (!resolver) return resolver.error();
    resolver_ = std::move(*resolver);
    auto tracer = capture::KernelTracer::Start(ToKernelOptions(options_));
    kernel_refused_ = !tracer;
    if (!tracer) return tracer.error();
    tracer_ = std::move(*tracer);
    SPANWIRE_RETURN_IF_ERROR(OpenOutputs());
    return sandbox::KeepOnly(NeededLater(options_));
  }

  bool kernel_refused() const { return kernel_refused_; }

  Result<int> Run() {
    FillParts();
    auto keeper = keeper::Keeper::Make(parts_, std::move(otlp_file_));
    if (!keeper) return keeper.error();
    const int code = (*keeper)->Run();
    return code;
  }

 private:
  Result<> OpenOutputs() {
    if (options_.verb == Verb::kRecord) {
      auto file = capture::RecordingWriter::MakeFile(options_.recording_path);
      if (!file) return file.error();
      recording_ = std::move(*file);
    }
    if (!HasOtlpFile(options_)) return {};
    auto file = OpenOtlpFile(options_);
    if (!file) return file.error();
    otlp_file_ = std::move(*file);
    return {};
  }

  void FillParts() {
    parts_.tracer = tracer_.get();
    parts_.resolver = resolver_.get();
    parts_.clock = &clock_;
    parts_.recording = recording_.get();
    if (HasOtlpFile(options_)) parts_.open_otlp_file = [this] { return OpenOtlpFile(options_); };
    parts_.reopens = options_.verb == Verb::kDaemon;
    parts_.run_for = options_.run_for;
    if (!options_.stats.path.empty()) parts_.stats_interval = options_.stats.interval;
    parts_.on_ready = [this] { Announce(); };
    parts_.on_stats = [this](const keeper::RunStatistics& statistics) { WriteStats(statistics); };
  }

  void Announce() const {
    std::fprintf(stderr, "spanwire: ready: tracing by %.*s (tier %d)\n",
                 static_cast<int>(capture::TierName(tracer_->tier()).size()),
                 capture::TierName(tracer_->tier()).data(), static_cast<int>(tracer_->tier()));
  }

  void WriteStats(const keeper::RunStatistics& statistics) const {
    if (!options_.stats.path.empty()) {
      const std::string text = FormatStats(
          statistics.ledger, {statistics.links, statistics.link_disagreements}, &statistics.kernel);
      auto written = WriteStatsFile(options_.stats.path, text);
      if (!written && statistics.last) {
        std::fprintf(stderr, "spanwire: %s\n", written.error().message.c_str());
      }
    }
    if (statistics.last) std::fprintf(stderr, "spanwire: %s\n", statistics.ledger.ToLine().c_str());
  }

  const Options& options_;
  SystemClock clock_;
  keeper::KeeperParts parts_;
  std::unique_ptr<process::ProcResolver> resolver_;
  std::unique_ptr<capture::KernelTracer> tracer_;
  UniqueFd recording_;
  UniqueFd otlp_file_;
  bool kernel_refused_ = false;
};

}  // namespace

ExitCode RunLive(const Options& options, const std::vector<std::string>& arguments) {
  LiveRun run(options, arguments);
  if (auto started = run.Start(); !started) {
    return Fail(options, started.error(), run.kernel_refused());
  }
  const auto code = run.Run();
  if (!code) return Fail(options, code.error(), /*kernel=*/false);
  return static_cast<ExitCode>(*code);
}

}  // namespace spanwire::app
