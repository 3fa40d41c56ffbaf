// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/base/ascii.h"

// The character classes of RFC 9110 §5.6, which do not depend on a locale.
namespace spanwire::protocol::http1 {

constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }  // SP / HTAB

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
