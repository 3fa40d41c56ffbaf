// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/model/attribute.h"
#include "agent/model/process.h"

namespace spanwire::model {

using TraceId = std::array<uint8_t, 16>;
using SpanId = std::array<uint8_t, 8>;

enum class SpanKind : uint8_t {
  kInternal = 1,
  kServer = 2,
  kClient = 3,
  kProducer = 4,
  kConsumer = 5
};
enum class StatusCode : uint8_t { kUnset = 0, kOk = 1, kError = 2 };

struct SpanEvent {
  std::string_view name;  // static storage
  uint64_t time_unix_ns = 0;
};

// Another span that this one may have to do with.
struct SpanLink {
  TraceId trace_id{};
  SpanId span_id{};
};

// A finished OpenTelemetry span. Reused: Clear() keeps the memory.
struct Span {
  TraceId trace_id{};
  SpanId span_id{};
  SpanId parent_span_id{};        // all zero: root
  bool parent_is_remote = false;  // the parent belongs to another process
  uint8_t trace_flags = 0;        // W3C
  std::string trace_state;
  std::string name;
  SpanKind kind = SpanKind::kInternal;
  uint64_t start_unix_ns = 0;
  uint64_t end_unix_ns = 0;  // >= start_unix_ns
  StatusCode status = StatusCode::kUnset;
  std::string status_message;
  AttributeList attributes;
  std::vector<SpanEvent> events;
  std::vector<SpanLink> links;
  std::shared_ptr<const Process> process;  // the resource; never null

  void Clear();
};

// "4bf92f3577b34da6a3ce929d0e0e4736"
std::string ToHex(const uint8_t* bytes, size_t size);
inline std::string ToHex(const TraceId& id) { return ToHex(id.data(), id.size()); }
inline std::string ToHex(const SpanId& id) { return ToHex(id.data(), id.size()); }
constexpr bool IsZero(const SpanId& id) { return id == SpanId{}; }

}  // namespace spanwire::model
