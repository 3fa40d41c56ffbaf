// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "agent/model/span.h"

namespace spanwire::trace {

// Recycles spans, so that their texts keep their memory.
class SpanPool {
 public:
  std::unique_ptr<model::Span> Take() {
    if (spare_.empty()) return std::make_unique<model::Span>();
    auto span = std::move(spare_.back());
    spare_.pop_back();
    return span;
  }

  void Give(std::unique_ptr<model::Span> span) {
    if (spare_.size() >= kKeep) return;
    span->Clear();
    spare_.push_back(std::move(span));
  }

 private:
  static constexpr size_t kKeep = 64;
  std::vector<std::unique_ptr<model::Span>> spare_;
};

}  // namespace spanwire::trace
