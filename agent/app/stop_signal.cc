// SPDX-License-Identifier: Apache-2.0
#include "agent/app/stop_signal.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace spanwire::app {
namespace {

// A signal handler reaches nothing but globals; this is the only one of the program.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<bool> stop_requested{false};

constexpr unsigned kEndLimitSeconds = 12;

}  // namespace

void CatchStopSignals() {
  struct sigaction action{};
  action.sa_handler = [](int) { stop_requested.store(true, std::memory_order_relaxed); };
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // no SA_RESTART: waiting calls return
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void CatchWorkerSignals() {
  struct sigaction action{};
  action.sa_handler = [](int) {
    stop_requested.store(true, std::memory_order_relaxed);
    alarm(kEndLimitSeconds);
  };
  sigaction(SIGTERM, &action, nullptr);
  for (const int number : {SIGINT, SIGHUP, SIGPIPE}) std::signal(number, SIG_IGN);
}

bool StopRequested() { return stop_requested.load(std::memory_order_relaxed); }

}  // namespace spanwire::app
