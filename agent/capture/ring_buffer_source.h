// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "agent/base/ledger.h"
#include "agent/base/result.h"
#include "agent/base/time.h"
#include "agent/capture/event_source.h"
#include "agent/capture/kernel_tracer.h"
#include "agent/capture/recording.h"
#include "agent/model/process.h"

namespace spanwire::capture {

// What a live source works with. Everything outlives it; `tap` may be null.
struct LiveParts {
  KernelTracer* tracer = nullptr;
  model::ProcessResolver* resolver = nullptr;
  const Clock* clock = nullptr;
  RecordTap* tap = nullptr;
};

// Events of this host, as they happen. Under load the reader sleeps a few milliseconds between
// batches; when nothing happens it waits for the kernel's wake-up at the next record. Every Poll()
// ends with a tick when time has passed. Keeps the ledger stages "ring" and "decode".
class RingBufferSource : public EventSource {
 public:
  static Result<std::unique_ptr<RingBufferSource>> Create(const LiveParts& parts, Ledger& ledger);

  // Copies the kernel's counters into the ledger.
  virtual void UpdateLedger() = 0;

  // Detaches the hooks and delivers all that is left in the ring.
  virtual void Drain(model::EventSink& sink) = 0;
};

}  // namespace spanwire::capture
