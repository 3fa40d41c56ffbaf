// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/span_relay.h"

#include <utility>

#include "agent/base/signals.h"

namespace spanwire::trace {

SpanRelay::SpanRelay(SpanSink& next, std::function<void()> flush)
    : next_(next), flush_(std::move(flush)) {
  for (uint32_t i = 0; i < kBatches; ++i) {
    free_.push_back(batches_.emplace_back(std::make_unique<Batch>()).get());
  }
  batch_ = free_.back();
  free_.pop_back();
  thread_ = std::jthread([this] { Run(); });
}

SpanRelay::~SpanRelay() { sent_.Push(nullptr); }

void SpanRelay::Run() {
  BlockSignals();
  while (Batch* const batch = sent_.Pop()) {
    HandOn(*batch);
    done_.Push(batch);
  }
}

void SpanRelay::OnSpan(model::Span& span) {
  std::swap(batch_->spans[batch_->used++], span);
  if (batch_->used == kBatch) Close();
}

void SpanRelay::Flush() {
  batch_->flush = true;
  Close();
}

void SpanRelay::Close() {
  while (const auto batch = done_.TryPop()) TakeBack(*batch);
  if (under_way_ == 0 && batch_->used <= kFew) {
    HandOn(*batch_);
  } else {
    Send();
  }
}

void SpanRelay::Send() {
  sent_.Push(batch_);
  ++under_way_;
  if (free_.empty()) TakeBack(done_.Pop());
  batch_ = free_.back();
  free_.pop_back();
}

void SpanRelay::TakeBack(Batch* batch) {
  --under_way_;
  free_.push_back(batch);
}

void SpanRelay::HandOn(Batch& batch) {
  for (size_t i = 0; i < batch.used; ++i) {
    next_.OnSpan(batch.spans[i]);
    batch.spans[i].Clear();
  }
  batch.used = 0;
  if (std::exchange(batch.flush, false)) flush_();
}

void SpanRelay::Settle() {
  Close();
  while (under_way_ > 0) TakeBack(done_.Pop());
}

}  // namespace spanwire::trace
