// SPDX-License-Identifier: Apache-2.0
#include "agent/model/message.h"

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

}  // namespace spanwire::model
