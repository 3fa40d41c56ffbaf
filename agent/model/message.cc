// SPDX-License-Identifier: Apache-2.0
#include "agent/model/message.h"

#include <utility>

namespace spanwire::model {

void Message::Clear() {
  kind = MessageKind::kRequest;
  stream = 0;
  name.clear();
  attributes.Clear();
  context.valid = false;
  request_id = 0;
  context.trace_state.clear();
  client_outcome = Outcome::kUnset;
  server_outcome = Outcome::kUnset;
  error_type.clear();
}

namespace {

// Most are empty, and a short std::string is swapped byte by byte.
void SwapText(std::string& one, std::string& other) noexcept {
  if (!one.empty() || !other.empty()) one.swap(other);
}

}  // namespace

void Message::Swap(Message& other) noexcept {
  std::swap(kind, other.kind);
  std::swap(stream, other.stream);
  name.swap(other.name);
  attributes.Swap(other.attributes);
  if (context.valid || other.context.valid) {
    std::swap(context.trace_id, other.context.trace_id);
    std::swap(context.span_id, other.context.span_id);
    std::swap(context.flags, other.context.flags);
    std::swap(context.valid, other.context.valid);
  }
  std::swap(context.source, other.context.source);
  std::swap(request_id, other.request_id);
  SwapText(context.trace_state, other.context.trace_state);
  std::swap(client_outcome, other.client_outcome);
  std::swap(server_outcome, other.server_outcome);
  SwapText(error_type, other.error_type);
}

}  // namespace spanwire::model
