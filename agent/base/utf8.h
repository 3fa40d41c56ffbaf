// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// UTF-8 as RFC 3629 has it. Text from the wire is anything; what leaves the agent is valid.
namespace spanwire {

// One code point at the front of a text. An invalid byte counts as one of size 1.
struct CodePoint {
  char32_t value = 0;
  size_t size = 0;  // bytes; 0 only for an empty text
  bool valid = false;
};

CodePoint FirstCodePoint(std::string_view text);

bool IsAscii(std::string_view text);
bool IsValidUtf8(std::string_view text);

// `text` with U+FFFD in place of each invalid byte.
std::string ReplaceInvalidUtf8(std::string_view text);

// `text` itself when it is short enough and all of it may stay; else a copy in `memory` that has
// U+FFFD in place of each invalid byte and of each code point that `stays` refuses, at most
// `limit_bytes` long and cut between characters.
std::string_view CleanUtf8(std::string_view text, size_t limit_bytes, bool (*stays)(char32_t),
                           std::string& memory);

}  // namespace spanwire
