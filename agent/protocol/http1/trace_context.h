// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "agent/model/message.h"

namespace spanwire::protocol::http1 {

// Reads a `traceparent` field (W3C Trace Context, level 2 §3.2) into `context`, whose `valid` says
// whether it is one. Versions above 00 are read as far as 00 goes; ff is invalid.
void ParseTraceParent(std::string_view value, model::TraceContext& context);

// Keeps a `tracestate` list (§3.3) verbatim in `context`, or nothing when it breaks the rules: at
// most 32 members, keys and values in their alphabets and sizes.
void ParseTraceState(std::string_view value, model::TraceContext& context);

}  // namespace spanwire::protocol::http1
