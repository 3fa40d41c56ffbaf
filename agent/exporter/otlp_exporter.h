// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "agent/base/ledger.h"
#include "agent/base/time.h"
#include "agent/exporter/backoff.h"
#include "agent/exporter/exporter.h"
#include "agent/exporter/otlp_encoder.h"
#include "agent/exporter/otlp_response.h"
#include "agent/exporter/otlp_transport.h"

namespace spanwire::exporter {

// Sends spans to an OTLP server.
//
// Export() encodes into the batch at hand, so that nothing of a span is kept but bytes; a thread of
// its own sends the batches in order, one at a time. A batch that the server could not take is
// tried again until it can, and meanwhile the bounded queue fills up: the newest spans are dropped.
//
// Ledger: drops are queue_full, refused (the server will never take the batch), rejected (it took
// the batch but for these), and shutdown. Export() and Shutdown() belong to one thread, the
// pipeline's.
class OtlpExporter final : public SpanExporter {
 public:
  // What the exporter gets from outside.
  struct Surroundings {
    std::unique_ptr<OtlpTransport> transport;
    std::unique_ptr<const Clock> clock;  // for dates in Retry-After
    uint64_t seed = 0;                   // of the jitter
  };

  // Over libcurl. Call it before other threads run.
  static Result<std::unique_ptr<OtlpExporter>> Make(const OtlpOptions& options,
                                                    const AgentIdentity& agent, Stage& stage);

  OtlpExporter(const OtlpOptions& options, const AgentIdentity& agent, Stage& stage,
               Surroundings surroundings);
  ~OtlpExporter() override;

  OtlpExporter(const OtlpExporter&) = delete;
  OtlpExporter& operator=(const OtlpExporter&) = delete;

  // Returns an error once for each new trouble with the server.
  Result<> Export(std::span<const model::Span> spans) override;
  // Nothing: a batch waits until it is full or due.
  Result<> Flush() override { return {}; }
  Result<> Shutdown(std::chrono::milliseconds limit) override;

 private:
  using SteadyClock = std::chrono::steady_clock;

  struct Batch {
    std::string message;
    size_t spans = 0;
  };

  // All of these require the lock.
  bool HasRoom() const;
  void WaitForRoom(std::unique_lock<std::mutex>& lock);
  void Add(const model::Span& span);
  void CloseBatch();
  std::optional<Batch> TakeBatch();
  bool IsDue() const;
  void WaitForNews(std::unique_lock<std::mutex>& lock, const std::stop_token& stop);
  Result<> TakeTrouble();

  // The sender's thread.
  void Run(const std::stop_token& stop);
  std::optional<Batch> NextBatch(const std::stop_token& stop);
  void Deliver(Batch batch, const std::stop_token& stop);
  OtlpVerdict Send(const std::string& body);
  bool WaitToRetry(const OtlpVerdict& verdict, const std::stop_token& stop);
  void Settle(const Batch& batch, const OtlpVerdict& verdict);
  void Release(const Batch& batch, size_t size_bytes);
  void Trouble(const std::string& text);

  const OtlpOptions options_;
  const Surroundings surroundings_;
  Stage& stage_;
  Counter& queue_full_;  // the pipeline's thread writes it
  Counter& refused_;     // the sender's thread writes these
  Counter& rejected_;
  Counter& shutdown_;  // the sender's, and after its end the pipeline's
  Backoff backoff_;    // the sender's

  std::mutex mutex_;
  std::condition_variable_any changed_;
  OtlpEncoder encoder_;                // the batch at hand
  SteadyClock::time_point opened_at_;  // when its first span came
  std::deque<Batch> ready_;
  size_t ready_bytes_ = 0;  // the batch being sent included
  uint64_t held_spans_ = 0;
  bool draining_ = false;
  bool hurry_ = false;   // Shutdown() began: try once more at once
  std::string trouble_;  // the first since the last success
  bool is_told_ = true;  // trouble_ was returned to the caller

  std::jthread thread_;  // last: it uses everything above
};

}  // namespace spanwire::exporter
