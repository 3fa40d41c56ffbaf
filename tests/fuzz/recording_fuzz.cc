// SPDX-License-Identifier: Apache-2.0
// Any file as a recording. Reading it ends, with an error or without, and the ledger balances.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "agent/base/unique_fd.h"
#include "agent/capture/recording.h"
#include "tests/support/collecting_sink.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spanwire;  // NOLINT: a fuzz target
  const UniqueFd file(memfd_create("recording", MFD_CLOEXEC));
  if (write(file.get(), data, size) != static_cast<ssize_t>(size)) std::abort();
  Ledger ledger;
  auto source = capture::OpenRecording("/proc/self/fd/" + std::to_string(file.get()), ledger);
  if (!source) return 0;
  test::CollectingSink sink;
  while (!(*source)->finished()) {
    auto polled = (*source)->Poll(std::chrono::milliseconds(0), sink);
    if (!polled && !(*source)->finished()) std::abort();
  }
  for (const auto& stage : ledger.stages()) {
    if (!stage->Balanced()) std::abort();
  }
  return 0;
}
