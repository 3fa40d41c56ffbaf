// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "agent/base/spsc_queue.h"
#include "agent/model/span.h"
#include "agent/trace/span_sink.h"

namespace spanwire::trace {

// Hands finished spans to a thread of its own, in order and in bounded batches: who is faster than
// that thread waits. A few spans, while nothing else is under way, are handed on by the caller
// itself: the thread is not woken for them.
//
// Used by one thread at a time. `next` and `flush` are called on either thread, never at once.
class SpanRelay final : public SpanSink {
 public:
  // `flush` is what Flush() shall do behind the spans that came before it.
  SpanRelay(SpanSink& next, std::function<void()> flush);
  ~SpanRelay() override;
  SpanRelay(const SpanRelay&) = delete;
  SpanRelay& operator=(const SpanRelay&) = delete;

  void OnSpan(model::Span& span) override;
  void Flush();

  // Waits until all spans given before were handed on. `next` is the caller's until it gives more.
  void Settle();

 private:
  static constexpr size_t kBatch = 256;
  static constexpr uint32_t kBatches = 4;
  static constexpr size_t kFew = 32;
  struct Batch {
    std::vector<model::Span> spans = std::vector<model::Span>(kBatch);
    size_t used = 0;
    bool flush = false;
  };

  void Close();
  void Send();
  void TakeBack(Batch* batch);
  void HandOn(Batch& batch);
  void Run();

  SpanSink& next_;
  std::function<void()> flush_;
  std::vector<std::unique_ptr<Batch>> batches_;
  Batch* batch_ = nullptr;  // being filled
  std::vector<Batch*> free_;
  size_t under_way_ = 0;
  SpscQueue<Batch*> sent_{kBatches};  // null: the end
  SpscQueue<Batch*> done_{kBatches};
  std::jthread thread_;  // last: it ends before what it uses
};

}  // namespace spanwire::trace
