// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// UTF-8 as RFC 3629 has it. Text from the wire is anything; what leaves the agent is valid.
namespace spanwire::exporter {

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

}  // namespace spanwire::exporter
