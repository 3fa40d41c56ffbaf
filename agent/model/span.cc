// SPDX-License-Identifier: Apache-2.0
#include "agent/model/span.h"

namespace spanwire::model {

void Span::Clear() {
  parent_span_id = {};
  parent_is_remote = false;
  trace_flags = 0;
  trace_state.clear();
  name.clear();
  status = StatusCode::kUnset;
  status_message.clear();
  attributes.Clear();
  events.clear();
  links.clear();
  process.reset();
}

std::string ToHex(const uint8_t* bytes, size_t size) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(size * 2);
  for (size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

}  // namespace spanwire::model
