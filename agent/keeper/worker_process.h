// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/base/result.h"
#include "agent/base/unique_fd.h"

namespace spanwire::keeper {

inline constexpr int kDoorFd = 3;  // in the worker

// How a worker ended.
struct WorkerEnd {
  int signal = 0;     // 0: it exited by itself,
  int exit_code = 0;  // with this
  bool clean() const { return signal == 0 && exit_code == 0; }
};

// "by signal 11 (Segmentation fault)", "with exit code 1".
std::string Describe(const WorkerEnd& end);

// The worker: this same program, started afresh, so that nothing of the keeper's memory is in it.
// It inherits the standard output and error and its end of the door, and no other descriptor.
// Killed and reaped by the destructor.
class WorkerProcess {
 public:
  // `arguments` follow the program's name.
  static Result<WorkerProcess> Start(const std::vector<std::string>& arguments, UniqueFd door);
  WorkerProcess(WorkerProcess&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
  WorkerProcess& operator=(WorkerProcess&& other) noexcept;
  ~WorkerProcess() { Kill(); }

  pid_t pid() const { return pid_; }
  // How it ended, once it has; it is gone for good then.
  std::optional<WorkerEnd> Reap();
  // Waits for its end.
  std::optional<WorkerEnd> Wait() { return WaitFor(0); }
  // Ends it at once, and waits for its end.
  std::optional<WorkerEnd> Kill();

 private:
  explicit WorkerProcess(pid_t pid) : pid_(pid) {}
  std::optional<WorkerEnd> WaitFor(int flags);

  pid_t pid_ = 0;  // 0: reaped
};

}  // namespace spanwire::keeper
