// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/text.h"

#include "agent/base/utf8.h"

namespace spanwire::protocol::http1 {
namespace {

bool Stays(char32_t character) {
  return (character >= 0x20 && character != 0x7f) || character == '\t';
}

}  // namespace

std::string_view CleanText(std::string_view text, size_t limit_bytes, std::string& scratch) {
  return CleanUtf8(text, limit_bytes, Stays, scratch);
}

}  // namespace spanwire::protocol::http1
