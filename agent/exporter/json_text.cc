// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/json_text.h"

#include <array>
#include <charconv>
#include <cmath>

#include "agent/base/utf8.h"

namespace spanwire::exporter {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

template <typename T>
void AppendNumber(std::string& out, T value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

// First byte of U+0080 to U+00BF, of which the lower half are control characters.
constexpr char kLatin1Lead = '\xc2';
constexpr char kDelete = '\x7f';

bool IsPlain(char c) {
  return static_cast<uint8_t>(c) >= 0x20 && c != '"' && c != '\\' && c != kDelete &&
         c != kLatin1Lead;
}

void AppendControl(std::string& out, char c) {
  out += "\\u00";
  out += kHexDigits[static_cast<uint8_t>(c) >> 4];
  out += kHexDigits[static_cast<uint8_t>(c) & 0xf];
}

// Adds the character at the front of `text`, which is not plain. Returns its size.
size_t AppendSpecial(std::string& out, std::string_view text) {
  switch (text.front()) {
    case '"': out += "\\\""; return 1;
    case '\\': out += "\\\\"; return 1;
    case '\n': out += "\\n"; return 1;
    case '\r': out += "\\r"; return 1;
    case '\t': out += "\\t"; return 1;
    case kLatin1Lead: break;
    default: AppendControl(out, text.front()); return 1;
  }
  // Valid text: a second byte follows.
  if (static_cast<uint8_t>(text[1]) < 0xa0) {
    AppendControl(out, text[1]);
  } else {
    out.append(text.substr(0, 2));
  }
  return 2;
}

void AppendValid(std::string& out, std::string_view text) {
  while (!text.empty()) {
    size_t plain = 0;
    while (plain < text.size() && IsPlain(text[plain])) ++plain;
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    text.remove_prefix(AppendSpecial(out, text));
  }
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view text) {
  out += '"';
  if (IsValidUtf8(text)) {
    AppendValid(out, text);
  } else {
    AppendValid(out, ReplaceInvalidUtf8(text));
  }
  out += '"';
}

void AppendInteger(std::string& out, int64_t value) { AppendNumber(out, value); }
void AppendUnsigned(std::string& out, uint64_t value) { AppendNumber(out, value); }

void AppendJsonDouble(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    AppendNumber(out, value);
  }
}

}  // namespace spanwire::exporter
