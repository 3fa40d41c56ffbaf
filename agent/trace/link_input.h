// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>

#include "agent/base/hash.h"
#include "agent/model/message.h"
#include "agent/trace/link/linker.h"

// What the linker wants to know of an exchange.
namespace spanwire::trace {

// Names the span that a header names; 0: there is no header.
inline uint64_t HashOf(const model::TraceContext& header) {
  if (!header.valid) return 0;
  uint64_t trace = 0;
  uint64_t span = 0;
  std::memcpy(&trace, header.trace_id.data() + 8, sizeof(trace));
  std::memcpy(&span, header.span_id.data(), sizeof(span));
  return MixBits(trace + MixBits(span)) | 1;
}

inline link::TraceLinker::Operation AtBegin(const model::MessagePosition& at) {
  return {at.who, at.first_ns};
}
inline link::TraceLinker::Operation AtEnd(const model::MessagePosition& at) {
  return {at.last_who, at.last_ns};
}

inline bool IsAnswered(const model::Exchange& exchange) {
  return exchange.ending == model::Ending::kAnswered && exchange.has_response;
}

}  // namespace spanwire::trace
