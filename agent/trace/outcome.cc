// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/outcome.h"

#include <cerrno>

namespace spanwire::trace {
namespace {

using model::Ending;
using model::StatusCode;

// Low-cardinality symbols for what the kernel saw.
std::string_view SymbolOf(uint16_t error) {
  switch (error) {
    case ECONNREFUSED: return "connection_refused";
    case ECONNRESET:
    case ECONNABORTED: return "connection_reset";
    case ETIMEDOUT: return "timed_out";
    case EHOSTUNREACH: return "host_unreachable";
    case ENETUNREACH: return "network_unreachable";
    case EPIPE: return "broken_pipe";
    default: return {};
  }
}

SpanOutcome Broken(const model::Exchange& exchange) {
  const std::string_view symbol = SymbolOf(exchange.error);
  const StatusCode error = StatusCode::kError;
  switch (exchange.ending) {
    case Ending::kReset:
      return {error, "connection reset before the response was complete",
              symbol.empty() ? "connection_reset" : symbol, "reset"};
    case Ending::kClosed:
      if (exchange.has_response) {
        return {error, "connection closed before the response was complete",
                symbol.empty() ? "eof_in_response" : symbol, "closed"};
      }
      return {error, "connection closed before a response",
              symbol.empty() ? "eof_before_response" : symbol, "closed"};
    case Ending::kTimedOut:
      return {error, "no complete response in time", "timed_out", "timed_out"};
    case Ending::kStillOpen:
      return {error, "no complete response when spanwire stopped", "still_open", "still_open"};
    case Ending::kLost: return {StatusCode::kUnset, {}, {}, "lost"};
    case Ending::kInvalid:
      return {error, "the answer is not of the protocol", "invalid_response", "invalid"};
    case Ending::kEvicted: return {StatusCode::kUnset, {}, {}, "evicted"};
    case Ending::kAnswered: break;
  }
  return {};
}

}  // namespace

SpanOutcome OutcomeOf(const model::Exchange& exchange) {
  SpanOutcome outcome = Broken(exchange);
  if (!exchange.has_response) return outcome;
  const model::Message& response = exchange.response;
  const model::Outcome answered =
      exchange.is_client ? response.client_outcome : response.server_outcome;
  if (answered != model::Outcome::kError) return outcome;
  outcome.status = StatusCode::kError;
  outcome.message = {};
  outcome.error_type = "_OTHER";
  if (!response.error_type.empty()) outcome.error_type = response.error_type;
  return outcome;
}

}  // namespace spanwire::trace
