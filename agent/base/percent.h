// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "agent/base/ascii.h"

namespace spanwire {

// The character at `position`, percent-decoded where it is encoded (RFC 3986, 2.1); moves on.
// Requires position < text.size().
constexpr char TakeDecoded(std::string_view text, size_t& position) {
  const char c = text[position++];
  if (c != '%' || position + 2 > text.size()) return c;
  const int high = HexValue(text[position]);
  const int low = HexValue(text[position + 1]);
  if (high < 0 || low < 0) return c;
  position += 2;
  return static_cast<char>(high * 16 + low);
}

}  // namespace spanwire
