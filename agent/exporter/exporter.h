// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <span>

#include "agent/base/result.h"
#include "agent/model/span.h"

namespace spanwire::exporter {

// Takes finished spans out of the process. Export() is called on the pipeline's thread and must not
// wait: what needs the network or may block encodes and hands over to a thread of its own. Each
// exporter keeps its own ledger stage "exporter/<name>" (unit spans): in == spans given to
// Export().
class SpanExporter {
 public:
  virtual ~SpanExporter() = default;

  // Takes spans as they end, few at a time. They live for the call. An error is for the log; the
  // ledger already has the loss.
  virtual Result<> Export(std::span<const model::Span> spans) = 0;

  // For the moment no more come: what waits for company only goes on its way. Errors as above.
  virtual Result<> Flush() = 0;

  // Delivers what is held within `limit`; what cannot be delivered is counted as dropped.
  // Afterwards nothing is held. Called once, last, maybe on another thread.
  virtual Result<> Shutdown(std::chrono::milliseconds limit) = 0;
};

}  // namespace spanwire::exporter
