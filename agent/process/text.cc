// SPDX-License-Identifier: Apache-2.0
#include "agent/process/text.h"

#include <algorithm>

#include "agent/base/utf8.h"

namespace spanwire::process {
namespace {

bool IsPrintable(char32_t character) {
  return character >= 0x20 && (character < 0x7f || character > 0x9f);
}

}  // namespace

std::string CleanText(std::string_view text, size_t max_bytes) {
  std::string memory;
  return std::string(CleanUtf8(text, max_bytes, IsPrintable, memory));
}

bool IsCleanText(std::string_view text) {
  while (!text.empty()) {
    const CodePoint point = FirstCodePoint(text);
    if (!point.valid || !IsPrintable(point.value)) return false;
    text.remove_prefix(point.size);
  }
  return true;
}

std::string_view BaseName(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view TakePart(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

bool IsHex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace spanwire::process
