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
  context.trace_state.clear();
  client_outcome = Outcome::kUnset;
  server_outcome = Outcome::kUnset;
  error_type.clear();
}

void Message::Swap(Message& other) noexcept {
  std::swap(kind, other.kind);
  std::swap(stream, other.stream);
  name.swap(other.name);
  std::swap(attributes, other.attributes);
  std::swap(context.trace_id, other.context.trace_id);
  std::swap(context.span_id, other.context.span_id);
  std::swap(context.flags, other.context.flags);
  std::swap(context.valid, other.context.valid);
  context.trace_state.swap(other.context.trace_state);
  std::swap(client_outcome, other.client_outcome);
  std::swap(server_outcome, other.server_outcome);
  error_type.swap(other.error_type);
}

}  // namespace spanwire::model
