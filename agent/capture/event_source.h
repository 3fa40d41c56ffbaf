// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

#include "agent/base/result.h"
#include "agent/model/event.h"

namespace spanwire::capture {

// Where events come from: the kernel's ring buffer or a recording. One thread.
class EventSource {
 public:
  virtual ~EventSource() = default;

  // Delivers what is there, waiting up to `timeout` for the first event. Returns the number of
  // events delivered; 0 after the time-out or, with finished(), at the end of a recording.
  virtual Result<size_t> Poll(std::chrono::milliseconds timeout, model::EventSink& sink) = 0;

  virtual bool finished() const = 0;
};

}  // namespace spanwire::capture
