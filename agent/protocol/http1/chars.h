// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

// The character classes of RFC 9110 §5.6, which do not depend on a locale.
namespace spanwire::protocol::http1 {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsAlpha(char c) { return IsUpper(c) || (c >= 'a' && c <= 'z'); }
constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }  // SP / HTAB
constexpr char ToLower(char c) { return IsUpper(c) ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr bool IsControl(char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; }

namespace internal {
constexpr std::array<bool, 256> MakeTokenTable() {
  std::array<bool, 256> table{};
  for (size_t i = 0; i < table.size(); ++i) {
    const char c = static_cast<char>(i);
    table[i] = IsDigit(c) || IsAlpha(c) ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  }
  return table;
}
inline constexpr std::array<bool, 256> kToken = MakeTokenTable();
}  // namespace internal

constexpr bool IsTokenChar(char c) { return internal::kToken[static_cast<uint8_t>(c)]; }
constexpr bool IsToken(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, IsTokenChar);
}

// The value of a hexadecimal digit, -1 for any other character.
constexpr int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = ToLower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Whether `text` is `lower` in any case. Requires: `lower` has no capitals.
constexpr bool EqualsLower(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && std::equal(text.begin(), text.end(), lower.begin(),
                                                   [](char a, char b) { return ToLower(a) == b; });
}

// Whether `lower` occurs in `text` in any case. Requires: `lower` has no capitals.
constexpr bool ContainsLower(std::string_view text, std::string_view lower) {
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(),
                     [](char a, char b) { return ToLower(a) == b; }) != text.end();
}

// Without the optional white space (OWS) at both ends.
constexpr std::string_view TrimBlank(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace spanwire::protocol::http1
