// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "agent/base/ledger.h"
#include "agent/base/result.h"
#include "agent/base/time.h"
#include "agent/capture/event_source.h"
#include "agent/capture/recording.h"
#include "agent/capture/ring_reader.h"
#include "agent/door/shared_memory.h"
#include "agent/model/process.h"
#include "spanwire/abi.h"

namespace spanwire::capture {

// Says whose process the kernel reported. Called on the source's thread, which waits for it.
class RecordResolver {
 public:
  virtual ~RecordResolver() = default;
  virtual model::Process Resolve(const spanwire_process& record) = 0;
};

// What a live source works with. Everything outlives it; `tap` may be null.
struct LiveParts {
  int ring_fd = -1;
  int wake_fd = -1;  // Poll() also ends when this becomes readable; -1 = none
  spanwire_control* control = nullptr;
  door::TakenMark* taken = nullptr;
  RecordResolver* resolver = nullptr;
  const Clock* clock = nullptr;
  RecordTap* tap = nullptr;
};

// Events of this host, as they happen. Under load the reader sleeps a few milliseconds between
// batches; when nothing happens it waits for the kernel's wake-up at the next record. Every Poll()
// ends with a tick when time has passed. Keeps the ledger stages "ring" and "decode". Into "ring"
// come, as far as this side knows, only introductions: who knows the kernel's counters adds them.
class RingBufferSource : public EventSource {
 public:
  // Needs no privilege.
  static Result<std::unique_ptr<RingBufferSource>> Create(const LiveParts& parts, RingReader ring,
                                                          Ledger& ledger);

  // News about a process that no record told of.
  virtual void Introduce(const model::Process& process, model::EventSink& sink) = 0;

  // Delivers all that is left in the ring.
  virtual void Drain(model::EventSink& sink) = 0;
};

}  // namespace spanwire::capture
