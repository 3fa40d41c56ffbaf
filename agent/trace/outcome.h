// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "agent/model/message.h"
#include "agent/model/span.h"

namespace spanwire::trace {

// How an exchange ended, in the words of a span. Views are static or belong to the exchange.
struct SpanOutcome {
  model::StatusCode status = model::StatusCode::kUnset;
  std::string_view message;     // status description; empty where the attributes say it all
  std::string_view error_type;  // empty: no error
  std::string_view ending;      // `spanwire.ending`; empty: answered
};

// A complete answer speaks for itself. Without one, the span is an error if the other side or time
// made an end of it; if only we do not know the answer (lost, evicted), the status stays unset.
SpanOutcome OutcomeOf(const model::Exchange& exchange);

}  // namespace spanwire::trace
