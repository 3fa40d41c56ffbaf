// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/model/span.h"

namespace spanwire::trace {

// Takes finished spans, one by one and on one thread at a time. `span` is lent: its contents may be
// swapped out; what is left is recycled.
class SpanSink {
 public:
  virtual ~SpanSink() = default;
  virtual void OnSpan(model::Span& span) = 0;
};

}  // namespace spanwire::trace
