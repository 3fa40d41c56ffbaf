// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/ledger.h"
#include "agent/base/result.h"
#include "agent/base/time.h"
#include "agent/capture/kernel_tracer.h"
#include "agent/door/channel.h"
#include "agent/door/shared_memory.h"
#include "agent/keeper/doorman.h"
#include "agent/keeper/link_table.h"
#include "agent/keeper/loss_account.h"
#include "agent/keeper/restarts.h"
#include "agent/keeper/signals.h"
#include "agent/keeper/worker_process.h"
#include "agent/process/resolver.h"

namespace spanwire::keeper {

// A run in numbers.
struct RunStatistics {
  Ledger ledger;
  capture::KernelCounters kernel{};
  std::vector<door::LinkCounts> links;  // by process
  uint64_t link_disagreements = 0;
  bool last = false;  // the run is over
};

// What a run is made of. What is pointed to outlives the keeper.
struct KeeperParts {
  capture::KernelTracer* tracer = nullptr;
  process::ProcResolver* resolver = nullptr;
  const Clock* clock = nullptr;
  std::vector<std::string> worker_arguments;  // after the program's name
  int recording = -1;                         // open for writing; -1 = none
  // Opens the file for spans again after SIGHUP; absent: there is none.
  std::function<Result<UniqueFd>()> open_otlp_file;
  bool reopens = false;                  // SIGHUP opens it again; else SIGHUP ends the run
  std::chrono::milliseconds run_for{0};  // 0: until a signal or the worker ends it
  // Called each `stats_interval` (0: never), and at the end.
  std::chrono::milliseconds stats_interval{0};
  std::function<void(const RunStatistics&)> on_stats;
  std::function<void()> on_ready;  // the first worker reads
};

// The process that holds the privileges. Starts the worker and starts it again when it crashes,
// hands it the ring, serves it through the door, and ends the run: hooks first, then the worker.
// Never reads the ring. One thread; it waits for signals, the door and time.
class Keeper {
 public:
  // `otlp_file` is the file for spans, open for writing, if there is one.
  static Result<std::unique_ptr<Keeper>> Make(const KeeperParts& parts, UniqueFd otlp_file);

  // Until the end of the run. Returns what to exit with: the worker's exit code, or 1.
  int Run();

 private:
  // One worker's life.
  struct Worker {
    enum class State : uint8_t { kStarting, kConfined, kReady };
    WorkerProcess process;
    door::Channel channel;
    door::SharedMemory memory;
    State state = State::kStarting;
    bool introducing = false;
    Nanoseconds started_ns = 0;
  };

  Keeper(const KeeperParts& parts, Signals signals, UniqueFd otlp_file);

  Nanoseconds Now() const { return parts_.clock->Now().monotonic_ns; }
  Result<> StartWorker();
  void WaitForNews();
  int WaitMilliseconds() const;
  void OnSignals();
  void OnSignal(int number);
  void OnTime();
  void OnDoor();
  // False: the worker broke a rule.
  bool Serve(const door::Request& request);
  bool OnNotice(spanwire_door_type type);
  bool OnConfined();
  bool SendStart(bool has_file);
  void Reopen();
  void AskForCount();
  void WriteStats(LossAccount::When when);
  void Publish(RunStatistics& statistics) const;
  void Notify(spanwire_door_type type);
  void Stop();
  void EndBadWorker(const char* why);
  void OnWorkerEnd(const WorkerEnd& end);
  void PlanRestart(const WorkerEnd& end);
  void End(int exit_code);

  KeeperParts parts_;
  Signals signals_;
  Doorman doorman_;
  LossAccount account_;
  LinkTable links_;
  Restarts restarts_;
  UniqueFd otlp_file_;
  std::optional<Worker> worker_;
  uint32_t generation_ = 0;
  // Deadlines, 0 = none.
  Nanoseconds restart_at_ = 0;
  Nanoseconds stats_at_ = 0;
  Nanoseconds counted_by_ = 0;
  Nanoseconds end_at_ = 0;
  Nanoseconds finished_by_ = 0;
  bool stopping_ = false;
  std::optional<int> exit_code_;
};

}  // namespace spanwire::keeper
