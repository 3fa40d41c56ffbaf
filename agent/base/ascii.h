// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// Classes of ASCII characters, which do not depend on a locale.
namespace spanwire {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool IsAlpha(char c) { return IsUpper(c) || IsLower(c); }
constexpr char ToLower(char c) { return IsUpper(c) ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr bool IsControl(char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; }

// The value of a hexadecimal digit, -1 for any other character.
constexpr int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = ToLower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace spanwire
