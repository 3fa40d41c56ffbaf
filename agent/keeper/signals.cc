// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

namespace spanwire::keeper {
namespace {

sigset_t Caught() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, number);
  return set;
}

}  // namespace

Result<Signals> Signals::Catch() {
  const sigset_t set = Caught();
  UniqueFd file(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!file) return ErrnoError("cannot catch signals", errno);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return Signals(std::move(file));
}

Signals::~Signals() {
  if (file_) Release();
}

int Signals::Next() const {
  signalfd_siginfo signal{};
  const ssize_t got = read(file_.get(), &signal, sizeof(signal));
  return got == sizeof(signal) ? static_cast<int>(signal.ssi_signo) : 0;
}

void Signals::Release() {
  const sigset_t set = Caught();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
}

}  // namespace spanwire::keeper
