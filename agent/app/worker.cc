// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "agent/app/door_client.h"
#include "agent/app/exporters.h"
#include "agent/app/live.h"
#include "agent/app/pipeline.h"
#include "agent/app/stats_file.h"
#include "agent/app/stop_signal.h"
#include "agent/capture/recording.h"
#include "agent/capture/ring_buffer_source.h"
#include "agent/door/shared_memory.h"
#include "agent/exporter/otlp_file.h"
#include "agent/exporter/tail.h"
#include "agent/keeper/worker_process.h"
#include "agent/sandbox/confine.h"
#include "agent/sandbox/probes.h"

namespace spanwire::app {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kIdlePoll{1000};
constexpr milliseconds kWaitingPoll{20};  // a span waits for its parent to show up
constexpr milliseconds kShutdownLimit{5000};
constexpr Nanoseconds kFirstSweep = 40'000'000;
constexpr Nanoseconds kLastSweep = 1'000'000'000;
constexpr Nanoseconds kRecordingFlush = 1'000'000'000;

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

// The page through which the kernel and the reader agree on wake-ups.
struct ControlUnmapper {
  void operator()(spanwire_control* control) const { munmap(control, sizeof(*control)); }
};
using Control = std::unique_ptr<spanwire_control, ControlUnmapper>;

Result<Control> MapControl(int fd) {
  void* page = mmap(nullptr, sizeof(spanwire_control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED) return ErrnoError("cannot map the control page", errno);
  return Control(static_cast<spanwire_control*>(page));
}

// One worker: everything that lives from the handover to the exit.
class WorkerRun {
 public:
  WorkerRun(const Options& options, DoorClient& door, Handover handover, door::SharedMemory memory)
      : options_(options),
        door_(door),
        handover_(std::move(handover)),
        memory_(std::move(memory)),
        ledger_(memory_.Counters()),
        taken_(memory_.get()) {}

  Result<> Start(ExportPlan plan) {
    auto control = MapControl(handover_.control.get());
    if (!control) return control.error();
    control_ = std::move(*control);
    SPANWIRE_RETURN_IF_ERROR(ContinueRecording());
    SPANWIRE_RETURN_IF_ERROR(OpenSource());
    pipeline_.emplace(ledger_, door_, SettingsOf(options_));
    plan.otlp_file = std::move(handover_.otlp_file);
    auto added = AddExporters(options_, std::move(plan), ledger_, pipeline_->spans());
    if (!added) return added.error();
    exporters_ = *added;
    SPANWIRE_RETURN_IF_ERROR(door_.TellStages(ledger_));
    door_.Notify(SPANWIRE_DOOR_READY);
    return {};
  }

  // Until the keeper wants the end, or is gone.
  Result<> Loop() {
    while (true) {
      auto polled = source_->Poll(PollTime(), *pipeline_);
      if (!polled) return polled.error();
      pipeline_->Flush();
      door_.Flush();
      if (HeedKeeper()) return {};
      const Nanoseconds now = clock_.Now().monotonic_ns;
      if (sweep_.Due(pipeline_->NeedsSweep(), now)) door_.Notify(SPANWIRE_DOOR_SWEEP);
      if (recording_ && now >= next_flush_) {
        recording_->Flush();
        next_flush_ = now + kRecordingFlush;
      }
      if (WantsEnd() && !std::exchange(asked_to_end_, true)) door_.Notify(SPANWIRE_DOOR_DONE);
    }
  }

  Result<> Stop() {
    source_->Drain(*pipeline_);
    pipeline_->Finish(kShutdownLimit);
    if (recording_) recording_->Flush();
    SPANWIRE_RETURN_IF_ERROR(door_.TellStages(ledger_));
    TellLinks();
    return recording_ ? recording_->status() : Result<>();
  }

 private:
  Result<> ContinueRecording() {
    if (!handover_.recording) return {};
    memory_.get().recorded_bytes = handover_.start.recorded_bytes;
    auto writer = capture::RecordingWriter::Continue(
        std::move(handover_.recording), options_.recording_path,
        reinterpret_cast<uint64_t*>(&memory_.get().recorded_bytes), record_stage_);  // NOLINT
    if (!writer) return writer.error();
    recording_ = std::move(*writer);
    return {};
  }

  Result<> OpenSource() {
    auto ring = capture::RingReader::Map(handover_.ring.get(), handover_.start.ring_bytes);
    if (!ring) return ring.error();
    ring->ResumeAt(handover_.start.resume);
    auto source =
        capture::RingBufferSource::Create({handover_.ring.get(), door_.fd(), control_.get(),
                                           &taken_, &door_, &clock_, recording_.get()},
                                          std::move(*ring), ledger_);
    if (!source) return source.error();
    source_ = std::move(*source);
    return {};
  }

  // True: it is time to end.
  bool HeedKeeper() {
    KeeperNews news = door_.TakeNews();
    for (const auto& process : news.processes) source_->Introduce(process, *pipeline_);
    if (news.otlp_file && exporters_.otlp_file) {
      exporters_.otlp_file->Reopen(std::move(news.otlp_file));
    }
    if (news.count) Count();
    return news.finish;
  }

  // With nothing on its way; the reasons of all that was dropped are told before.
  void Count() {
    pipeline_->Settle();
    if (!door_.TellStages(ledger_)) return;
    memory_.Count();
    TellLinks();
    door_.Notify(SPANWIRE_DOOR_COUNTED);
  }

  void TellLinks() {
    for (const auto& process : NumbersOf(pipeline_->links()).processes) door_.Tell(process);
  }

  bool WantsEnd() const {
    if (StopRequested() || (exporters_.tail && exporters_.tail->closed())) return true;
    const auto limit = options_.output.limit;
    return limit > 0 && pipeline_->span_count() >= limit;
  }

  milliseconds PollTime() const {
    return pipeline_->Waiting() || pipeline_->NeedsSweep() ? kWaitingPoll : kIdlePoll;
  }

  const Options& options_;
  DoorClient& door_;
  Handover handover_;
  door::SharedMemory memory_;
  SystemClock clock_;
  Ledger ledger_;
  Stage record_stage_{"recording", "events"};
  door::TakenMark taken_;
  Control control_;
  std::unique_ptr<capture::RecordingWriter> recording_;
  std::unique_ptr<capture::RingBufferSource> source_;
  std::optional<Pipeline> pipeline_;
  AddedExporters exporters_;
  SweepTimer sweep_;
  Nanoseconds next_flush_ = 0;
  bool asked_to_end_ = false;
};

ExitCode Complain(const Options& options, const Error& error) {
  std::fprintf(stderr, "spanwire: %s\n", error.message.c_str());
  return options.verb == Verb::kDaemon ? kExitDaemonConfig : kExitFailed;
}

ExitCode RunConfined(const Options& options, DoorClient& door, ExportPlan plan) {
  auto handover = door.ReceiveHandover();
  if (!handover) return Complain(options, handover.error());
  auto memory = door::SharedMemory::Map(std::move(handover->counters));
  if (!memory) return Complain(options, memory.error());
  WorkerRun run(options, door, std::move(*handover), std::move(*memory));
  if (auto started = run.Start(std::move(plan)); !started) {
    return Complain(options, started.error());
  }
  const auto looped = run.Loop();
  const auto stopped = run.Stop();
  for (const auto& result : {looped, stopped}) {
    if (result) continue;
    std::fprintf(stderr, "spanwire: %s\n", result.error().message.c_str());
    return kExitFailed;
  }
  return kExitOk;
}

// The descriptor of the door; none when the keeper did not start us.
UniqueFd TakeDoor() {
  int type = 0;
  socklen_t size = sizeof(type);
  if (getsockopt(keeper::kDoorFd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
      type != SOCK_SEQPACKET) {
    return UniqueFd();
  }
  fcntl(keeper::kDoorFd, F_SETFD, FD_CLOEXEC);
  return UniqueFd(keeper::kDoorFd);
}

}  // namespace

ExitCode RunWorker(const Options& options) {
  UniqueFd end = TakeDoor();
  if (!end) return Complain(options, {"a worker is started by spanwire itself", 0});
  CatchWorkerSignals();
  auto plan = PlanExports(options);
  if (!plan) return Complain(options, plan.error());
  const bool network = plan->otlp.has_value();
  if (auto confined = sandbox::Confine({.network = network, .parent = getppid()}); !confined) {
    return Complain(options, confined.error());
  }
  DoorClient door(std::move(end));
  return RunConfined(options, door, std::move(*plan));
}

int RunProbe(std::string_view number) {
  size_t index = 0;
  std::from_chars(number.data(), number.data() + number.size(), index);
  if (index >= sandbox::Probes().size()) return kExitUsage;
  if (auto confined = sandbox::Confine({.network = true, .parent = getppid()}); !confined) {
    std::fprintf(stderr, "spanwire: %s\n", confined.error().message.c_str());
    return kExitFailed;
  }
  return sandbox::Probes()[index].attempt() == 0 ? kProbeEscaped : kProbeRefused;
}

}  // namespace spanwire::app
