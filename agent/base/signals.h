// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>

namespace spanwire {

// Keeps signals from the calling thread: they are for the main one.
inline void BlockSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace spanwire
