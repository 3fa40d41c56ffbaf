// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/time_text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "agent/base/byte_reader.h"

namespace spanwire::exporter {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// The `size` digits next in `reader`, or nothing.
std::optional<int> ReadDigits(ByteReader& reader, size_t size) {
  const auto text = reader.ReadText(size);
  if (!text) return std::nullopt;
  int value = 0;
  for (const char c : *text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<unsigned> ReadMonth(ByteReader& reader) {
  const auto text = reader.ReadText(3);
  if (!text) return std::nullopt;
  const auto month = std::find(kMonths.begin(), kMonths.end(), *text);
  if (month == kMonths.end()) return std::nullopt;
  return static_cast<unsigned>(month - kMonths.begin()) + 1;
}

bool Skip(ByteReader& reader, std::string_view expected) {
  return reader.ReadText(expected.size()) == expected;
}

// Days since the epoch of "21 Nov 2026 ".
std::optional<int64_t> ReadDate(ByteReader& reader) {
  const auto day = ReadDigits(reader, 2);
  if (!day || !Skip(reader, " ")) return std::nullopt;
  const auto month = ReadMonth(reader);
  if (!month || !Skip(reader, " ")) return std::nullopt;
  const auto year = ReadDigits(reader, 4);
  if (!year || !Skip(reader, " ")) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

// Seconds since midnight of "03:38:26".
std::optional<int> ReadTime(ByteReader& reader) {
  const auto hour = ReadDigits(reader, 2);
  if (!hour || *hour > 23 || !Skip(reader, ":")) return std::nullopt;
  const auto minute = ReadDigits(reader, 2);
  if (!minute || *minute > 59 || !Skip(reader, ":")) return std::nullopt;
  const auto second = ReadDigits(reader, 2);
  if (!second || *second > 60) return std::nullopt;
  return *hour * 3600 + *minute * 60 + *second;
}

}  // namespace

std::string FormatRfc3339(uint64_t unix_ns) {
  const auto seconds = static_cast<time_t>(unix_ns / kSecond);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%09uZ",
                parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                parts.tm_sec, static_cast<unsigned>(unix_ns % kSecond));
  return text.data();
}

std::string FormatLocalClock(uint64_t unix_ns) {
  const auto seconds = static_cast<time_t>(unix_ns / kSecond);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%02d:%02d:%02d.%03u", parts.tm_hour, parts.tm_min,
                parts.tm_sec, static_cast<unsigned>(unix_ns % kSecond / 1'000'000));
  return text.data();
}

std::optional<int64_t> ParseHttpDate(std::string_view text) {
  constexpr size_t kDayNameSize = 5;  // "Sat, "
  if (text.size() < kDayNameSize || text.substr(3, 2) != ", ") return std::nullopt;
  ByteReader reader(text.substr(kDayNameSize));
  const auto days = ReadDate(reader);
  if (!days) return std::nullopt;
  const auto seconds = ReadTime(reader);
  if (!seconds || !Skip(reader, " GMT") || !reader.empty()) return std::nullopt;
  return *days * 86'400 + *seconds;
}

}  // namespace spanwire::exporter
