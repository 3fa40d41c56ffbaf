// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/base/ascii.h"

// The characters of SQL as PostgreSQL's scanner divides them; none of it depends on a locale.
namespace spanwire::protocol::sql {

constexpr char ToUpper(char c) { return IsLower(c) ? static_cast<char>(c - 32) : c; }
constexpr bool IsLetter(char c) {
  const char upper = ToUpper(c);
  return IsUpper(upper) || c == '_' || static_cast<uint8_t>(c) >= 0x80;
}
constexpr bool IsWordChar(char c) { return IsLetter(c) || IsDigit(c); }
// What separates: control characters, NUL among them, are taken for blanks.
constexpr bool IsSpace(char c) { return static_cast<uint8_t>(c) <= 0x20 || c == 0x7f; }

// Whether `text` is `upper` in any case. Requires: `upper` has no small letters.
constexpr bool EqualsUpper(std::string_view text, std::string_view upper) {
  return text.size() == upper.size() && std::equal(text.begin(), text.end(), upper.begin(),
                                                   [](char a, char b) { return ToUpper(a) == b; });
}

// Whether `upper` occurs in `text` in any case. Requires: `upper` has no small letters.
constexpr bool ContainsUpper(std::string_view text, std::string_view upper) {
  return std::search(text.begin(), text.end(), upper.begin(), upper.end(),
                     [](char a, char b) { return ToUpper(a) == b; }) != text.end();
}

}  // namespace spanwire::protocol::sql
