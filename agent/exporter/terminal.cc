// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/terminal.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "agent/base/utf8.h"

namespace spanwire::exporter {
namespace {

struct Range {
  char32_t first = 0;
  char32_t last = 0;
};

template <size_t kSize>
bool In(const std::array<Range, kSize>& ranges, char32_t value) {
  return std::any_of(ranges.begin(), ranges.end(), [value](const Range& range) {
    return value >= range.first && value <= range.last;
  });
}

// C0 and C1 controls, and what is unseen or reorders what follows (Unicode's Cf and separators).
constexpr std::array<Range, 10> kUnsafe = {{{0x00, 0x1f},
                                            {0x7f, 0x9f},
                                            {0xad, 0xad},
                                            {0x61c, 0x61c},
                                            {0x200b, 0x200f},
                                            {0x2028, 0x202e},
                                            {0x2060, 0x206f},
                                            {0xfeff, 0xfeff},
                                            {0xfff9, 0xfffb},
                                            {0xe0000, 0xe0fff}}};

// East Asian wide and emoji, in whole blocks: rather a column too many than a wrapped line.
constexpr std::array<Range, 8> kWide = {{{0x1100, 0x115f},
                                         {0x231a, 0x232a},
                                         {0x2600, 0x27bf},
                                         {0x2e80, 0xa4cf},
                                         {0xac00, 0xd7a3},
                                         {0xf900, 0xfaff},
                                         {0xfe30, 0xffe6},
                                         {0x1f000, 0x3fffd}}};

constexpr std::string_view kEllipsis = "\u2026";

void AppendEscape(std::string& out, const CodePoint& point) {
  if (point.valid && point.value == '\n') {
    out += "\\n";
  } else if (point.valid && point.value == '\r') {
    out += "\\r";
  } else if (point.valid && point.value == '\t') {
    out += "\\t";
  } else {
    const bool byte = !point.valid || point.value < 0x80;
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), byte ? "\\x%02x" : "\\u{%x}",
                  static_cast<unsigned>(point.value));
    out += text.data();
  }
}

size_t WidthOf(char32_t value) { return In(kWide, value) ? 2 : 1; }

bool IsPrintableAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

// The longest part at the front of `text` that fits into `width` columns.
std::string_view Front(std::string_view text, size_t width) {
  size_t size = 0;
  size_t used = 0;
  while (size < text.size()) {
    const CodePoint point = FirstCodePoint(text.substr(size));
    used += WidthOf(point.value);
    if (used > width) break;
    size += point.size;
  }
  return text.substr(0, size);
}

// And at the back.
std::string_view Back(std::string_view text, size_t width) {
  size_t total = DisplayWidth(text);
  while (total > width) {
    const CodePoint point = FirstCodePoint(text);
    total -= WidthOf(point.value);
    text.remove_prefix(point.size);
  }
  return text;
}

bool IsSet(const std::optional<std::string>& value) { return value && !value->empty(); }

}  // namespace

bool WantsColor(ColorMode mode, bool is_terminal, const EnvironmentLookup& environment) {
  if (mode != ColorMode::kAuto) return mode == ColorMode::kAlways;
  if (IsSet(environment("NO_COLOR"))) return false;
  const auto force = environment("CLICOLOR_FORCE");
  if (IsSet(force) && *force != "0") return true;
  return is_terminal && environment("TERM") != "dumb";
}

size_t TerminalColumns(int fd) {
  winsize size{};
  return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

std::string EscapeForTerminal(std::string_view text) {
  if (IsPrintableAscii(text)) return std::string(text);
  std::string safe;
  while (!text.empty()) {
    const CodePoint point = FirstCodePoint(text);
    if (point.valid && !In(kUnsafe, point.value)) {
      safe.append(text.substr(0, point.size));
    } else {
      AppendEscape(safe, point);
    }
    text.remove_prefix(point.size);
  }
  return safe;
}

size_t DisplayWidth(std::string_view text) {
  if (IsPrintableAscii(text)) return text.size();
  size_t width = 0;
  while (!text.empty()) {
    const CodePoint point = FirstCodePoint(text);
    width += WidthOf(point.value);
    text.remove_prefix(point.size);
  }
  return width;
}

std::string CutMiddle(std::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  if (width == 0) return {};
  const size_t front = width / 2;
  std::string cut(Front(text, front));
  cut += kEllipsis;
  return cut += Back(text, width - 1 - front);
}

std::string CutEnd(std::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  if (width == 0) return {};
  return std::string(Front(text, width - 1)).append(kEllipsis);
}

}  // namespace spanwire::exporter
