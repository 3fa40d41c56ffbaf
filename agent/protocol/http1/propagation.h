// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "agent/model/message.h"

namespace spanwire::protocol::http1 {

// The fields by which others than W3C hand a trace on. Views into the head; empty: not there.
struct PropagationFields {
  std::string_view b3;  // {trace}-{span}[-{sampled}[-{parent}]]
  std::string_view b3_trace_id;
  std::string_view b3_span_id;
  std::string_view b3_sampled;
  std::string_view b3_flags;
  std::string_view datadog_trace_id;  // decimal, the lower half
  std::string_view datadog_parent_id;
  std::string_view datadog_priority;
  std::string_view datadog_tags;  // _dd.p.tid=<upper half>,…
  std::string_view jaeger;        // {trace}:{span}:{parent}:{flags}
  std::string_view xray;          // Root=1-<8>-<24>;Parent=<16>;Sampled=<0|1>
  std::string_view request_id;    // X-Request-ID, X-Correlation-ID
};

// Takes a field if it is one of these; `name` is compared in any case. Of repeated fields the first
// counts.
void TakePropagation(std::string_view name, std::string_view value, PropagationFields& fields);

// Reads the caller's span from the fields into `context`, whose `valid` says whether there is one.
// Trace ids of 64 bits are filled up with zeros. In this order, as SDKs that write several mean it:
// B3 (single, then multi), Datadog, Jaeger, X-Ray.
void ParsePropagation(const PropagationFields& fields, model::TraceContext& context);

}  // namespace spanwire::protocol::http1
