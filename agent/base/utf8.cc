// SPDX-License-Identifier: Apache-2.0
#include "agent/base/utf8.h"

#include <cstring>

namespace spanwire {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

uint8_t ByteAt(std::string_view text, size_t index) { return static_cast<uint8_t>(text[index]); }

// How many bytes a sequence has that begins with `lead`, and the least value it may encode.
struct Shape {
  size_t size = 0;
  char32_t least = 0;
  uint8_t mask = 0;
};

Shape ShapeOf(uint8_t lead) {
  if (lead >= 0xc2 && lead <= 0xdf) return {2, 0x80, 0x1f};
  if (lead >= 0xe0 && lead <= 0xef) return {3, 0x800, 0x0f};
  if (lead >= 0xf0 && lead <= 0xf4) return {4, 0x10000, 0x07};
  return {};
}

bool IsPrintableAscii(std::string_view text) {
  bool printable = true;
  for (const char c : text) printable &= static_cast<uint8_t>(c - 0x20) < 0x5f;
  return printable;
}

bool IsScalar(char32_t value, char32_t least) {
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  return value >= least && value <= 0x10ffff && !surrogate;
}

}  // namespace

CodePoint FirstCodePoint(std::string_view text) {
  if (text.empty()) return {};
  const uint8_t lead = ByteAt(text, 0);
  if (lead < 0x80) return {lead, 1, true};
  const Shape shape = ShapeOf(lead);
  if (shape.size == 0 || text.size() < shape.size) return {lead, 1, false};
  char32_t value = lead & shape.mask;
  for (size_t i = 1; i < shape.size; ++i) {
    if ((ByteAt(text, i) & 0xc0) != 0x80) return {lead, 1, false};
    value = (value << 6) | (ByteAt(text, i) & 0x3f);
  }
  if (!IsScalar(value, shape.least)) return {lead, 1, false};
  return {value, shape.size, true};
}

bool IsAscii(std::string_view text) {
  uint64_t seen = 0;
  size_t i = 0;
  for (; i + sizeof(uint64_t) <= text.size(); i += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + i, sizeof(word));
    seen |= word;
  }
  for (; i < text.size(); ++i) seen |= ByteAt(text, i);
  return (seen & 0x8080808080808080u) == 0;
}

bool IsValidUtf8(std::string_view text) {
  if (IsAscii(text)) return true;
  while (!text.empty()) {
    const CodePoint point = FirstCodePoint(text);
    if (!point.valid) return false;
    text.remove_prefix(point.size);
  }
  return true;
}

std::string ReplaceInvalidUtf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size() + kReplacement.size());
  while (!text.empty()) {
    const CodePoint point = FirstCodePoint(text);
    valid.append(point.valid ? text.substr(0, point.size) : kReplacement);
    text.remove_prefix(point.size);
  }
  return valid;
}

std::string_view CleanUtf8(std::string_view text, size_t limit_bytes, bool (*stays)(char32_t),
                           std::string& memory) {
  if (text.size() <= limit_bytes && IsPrintableAscii(text)) return text;
  memory.clear();
  while (!text.empty()) {
    const CodePoint point = FirstCodePoint(text);
    const bool good = point.valid && stays(point.value);
    const std::string_view piece = good ? text.substr(0, point.size) : kReplacement;
    if (memory.size() + piece.size() > limit_bytes) break;
    memory.append(piece);
    text.remove_prefix(point.size);
  }
  return memory;
}

}  // namespace spanwire
