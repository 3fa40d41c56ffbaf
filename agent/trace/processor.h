// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "agent/base/ledger.h"
#include "agent/trace/span_sink.h"

namespace spanwire::trace {

enum class Verdict : uint8_t { kKeep, kDrop };

// Looks at each finished span, may change it or ask for its removal. Shard's thread.
class SpanProcessor {
 public:
  virtual ~SpanProcessor() = default;
  virtual Verdict OnEnd(model::Span& span) = 0;
  // The reason under which dropped spans are counted: snake_case.
  virtual std::string_view name() const = 0;
};

// The stage "processors" (unit spans): runs processors in order and hands what is kept to `next`.
class ProcessorChain final : public SpanSink {
 public:
  ProcessorChain(Ledger& ledger, SpanSink& next);

  // Appends a processor. Before the first span only.
  void Add(std::unique_ptr<SpanProcessor> processor);

  void OnSpan(model::Span& span) override;

 private:
  struct Entry {
    std::unique_ptr<SpanProcessor> processor;
    Counter* dropped = nullptr;
  };
  Stage& stage_;
  SpanSink& next_;
  std::vector<Entry> entries_;
};

}  // namespace spanwire::trace
