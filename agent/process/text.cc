// SPDX-License-Identifier: Apache-2.0
#include "agent/process/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace spanwire::process {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// RFC 3629 section 4: which first bytes begin a sequence of which length, and what the second may
// be.
struct Lead {
  uint8_t first = 0;
  uint8_t last = 0;
  uint8_t size = 0;
  uint8_t second_low = 0x80;
  uint8_t second_high = 0xBF;
};
constexpr std::array<Lead, 8> kLeads{{{0xC2, 0xDF, 2},
                                      {0xE0, 0xE0, 3, 0xA0, 0xBF},
                                      {0xE1, 0xEC, 3},
                                      {0xED, 0xED, 3, 0x80, 0x9F},
                                      {0xEE, 0xEF, 3},
                                      {0xF0, 0xF0, 4, 0x90, 0xBF},
                                      {0xF1, 0xF3, 4},
                                      {0xF4, 0xF4, 4, 0x80, 0x8F}}};

uint8_t ByteAt(std::string_view text, size_t index) { return static_cast<uint8_t>(text[index]); }

// The size of the printable character at the front of `text`; 0 when there is none.
size_t CharacterSize(std::string_view text) {
  const uint8_t first = ByteAt(text, 0);
  if (first < 0x80) return first < 0x20 || first == 0x7F ? 0 : 1;
  const auto* lead = std::ranges::find_if(
      kLeads, [&](const Lead& l) { return first >= l.first && first <= l.last; });
  if (lead == kLeads.end() || text.size() < lead->size) return 0;
  const uint8_t second = ByteAt(text, 1);
  if (second < lead->second_low || second > lead->second_high) return 0;
  if (first == 0xC2 && second < 0xA0) return 0;  // C1 control characters
  for (size_t i = 2; i < lead->size; ++i) {
    if ((ByteAt(text, i) & 0xC0) != 0x80) return 0;
  }
  return lead->size;
}

}  // namespace

std::string CleanText(std::string_view text, size_t max_bytes) {
  std::string clean;
  while (!text.empty()) {
    const size_t size = CharacterSize(text);
    const std::string_view piece = size > 0 ? text.substr(0, size) : kReplacement;
    if (clean.size() + piece.size() > max_bytes) break;
    clean += piece;
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return clean;
}

bool IsCleanText(std::string_view text) {
  while (!text.empty()) {
    const size_t size = CharacterSize(text);
    if (size == 0) return false;
    text.remove_prefix(size);
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
