// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/worker_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "agent/keeper/signals.h"

namespace spanwire::keeper {
namespace {

constexpr const char* kOwnProgram = "/proc/self/exe";
constexpr int kExecFailed = 126;

std::vector<char*> PointersTo(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// In the child: only calls that are safe after fork. What is typed is not for the worker.
[[noreturn]] void Become(char* const* arguments, int door) {
  const int nothing = open("/dev/null", O_RDONLY);
  const bool ready = nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
                     (door == kDoorFd ? fcntl(door, F_SETFD, 0) == 0 : dup2(door, kDoorFd) >= 0) &&
                     syscall(SYS_close_range, kDoorFd + 1, ~0u, 0) == 0;
  Signals::Release();
  if (ready) execv(kOwnProgram, arguments);
  _exit(kExecFailed);
}

}  // namespace

std::string Describe(const WorkerEnd& end) {
  if (end.signal == 0) return "with exit code " + std::to_string(end.exit_code);
  std::string text = "by signal " + std::to_string(end.signal) + " (";
  text.append(strsignal(end.signal)).append(")");
  return text;
}

Result<WorkerProcess> WorkerProcess::Start(const std::vector<std::string>& arguments,
                                           UniqueFd door) {
  std::vector<std::string> words{"spanwire"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const std::vector<char*> pointers = PointersTo(words);
  const pid_t pid = fork();
  if (pid < 0) return ErrnoError("cannot start the worker", errno);
  if (pid == 0) Become(pointers.data(), door.get());
  return WorkerProcess(pid);
}

WorkerProcess& WorkerProcess::operator=(WorkerProcess&& other) noexcept {
  if (this == &other) return *this;
  Kill();
  pid_ = std::exchange(other.pid_, 0);
  return *this;
}

std::optional<WorkerEnd> WorkerProcess::WaitFor(int flags) {
  if (pid_ == 0) return std::nullopt;
  int status = 0;
  pid_t reaped = 0;
  do {
    reaped = waitpid(pid_, &status, flags);
  } while (reaped < 0 && errno == EINTR);
  if (reaped != pid_) return std::nullopt;
  pid_ = 0;
  if (WIFSIGNALED(status)) return WorkerEnd{WTERMSIG(status), 0};
  return WorkerEnd{0, WEXITSTATUS(status)};
}

std::optional<WorkerEnd> WorkerProcess::Reap() { return WaitFor(WNOHANG); }

std::optional<WorkerEnd> WorkerProcess::Kill() {
  if (pid_ == 0) return std::nullopt;
  kill(pid_, SIGKILL);
  return WaitFor(0);
}

}  // namespace spanwire::keeper
