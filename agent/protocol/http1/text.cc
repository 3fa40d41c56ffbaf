// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/text.h"

#include <cstdint>

#include "agent/protocol/http1/chars.h"

namespace spanwire::protocol::http1 {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool IsPlain(std::string_view text) {
  bool plain = true;
  for (const char c : text) plain &= static_cast<uint8_t>(c - 0x20) < 0x5f;
  return plain;
}

bool IsContinuation(uint8_t byte) { return (byte & 0xc0) == 0x80; }

// What may follow a lead byte: RFC 3629 §4.
struct Lead {
  size_t size = 0;  // of the whole sequence, 0: no lead byte
  uint8_t low = 0x80;
  uint8_t high = 0xbf;  // bounds of the second byte
};

Lead LeadOf(uint8_t byte) {
  if (byte < 0x80) return {.size = 1};
  if (byte >= 0xc2 && byte <= 0xdf) return {.size = 2};
  if (byte == 0xe0) return {.size = 3, .low = 0xa0};
  if (byte == 0xed) return {.size = 3, .high = 0x9f};
  if (byte >= 0xe1 && byte <= 0xef) return {.size = 3};
  if (byte == 0xf0) return {.size = 4, .low = 0x90};
  if (byte >= 0xf1 && byte <= 0xf3) return {.size = 4};
  if (byte == 0xf4) return {.size = 4, .high = 0x8f};
  return {};
}

// Bytes of the well-formed character at the front of `text`, 0 when there is none.
size_t CharacterSize(std::string_view text) {
  const Lead lead = LeadOf(static_cast<uint8_t>(text.front()));
  if (lead.size > text.size()) return 0;
  for (size_t i = 1; i < lead.size; ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (!IsContinuation(byte)) return 0;
    if (i == 1 && (byte < lead.low || byte > lead.high)) return 0;
  }
  return lead.size;
}

}  // namespace

std::string_view CleanText(std::string_view text, size_t limit_bytes, std::string& scratch) {
  if (text.size() <= limit_bytes && IsPlain(text)) return text;
  scratch.clear();
  while (!text.empty()) {
    const size_t size = CharacterSize(text);
    const bool good = size > 1 || (size == 1 && (!IsControl(text.front()) || text.front() == '\t'));
    const std::string_view piece = good ? text.substr(0, size) : kReplacement;
    if (scratch.size() + piece.size() > limit_bytes) break;
    scratch.append(piece);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return scratch;
}

}  // namespace spanwire::protocol::http1
