// SPDX-License-Identifier: Apache-2.0
#include "agent/app/values.h"

#include <array>
#include <limits>
#include <optional>
#include <span>

namespace spanwire::app {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor = 1;
};

constexpr std::array<Unit, 5> kDurationUnits{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr uint64_t kMaxDurationMs = uint64_t{366} * 86'400'000;

constexpr uint64_t kKibi = 1024;
constexpr std::array<Unit, 9> kSizeUnits{{{"", 1},
                                          {"B", 1},
                                          {"K", kKibi},
                                          {"KiB", kKibi},
                                          {"M", kKibi* kKibi},
                                          {"MiB", kKibi* kKibi},
                                          {"G", kKibi* kKibi* kKibi},
                                          {"GiB", kKibi* kKibi* kKibi},
                                          {"k", kKibi}}};

std::string Quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

// Reads the digits at the front of `text` and removes them.
std::optional<uint64_t> TakeNumber(std::string_view& text) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  uint64_t number = 0;
  size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    const auto digit = static_cast<uint64_t>(text[digits] - '0');
    if (number > (kMost - digit) / 10) return std::nullopt;
    number = number * 10 + digit;
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return number;
}

// "<digits><unit>", or nothing when it is not that or does not fit.
std::optional<uint64_t> ParseWithUnit(std::string_view text, std::span<const Unit> units) {
  const auto number = TakeNumber(text);
  if (!number) return std::nullopt;
  for (const auto& unit : units) {
    if (text != unit.name) continue;
    if (*number > std::numeric_limits<uint64_t>::max() / unit.factor) return std::nullopt;
    return *number * unit.factor;
  }
  return std::nullopt;
}

}  // namespace

Result<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  if (text == "0") return std::chrono::milliseconds(0);
  const auto value = ParseWithUnit(text, kDurationUnits);
  if (!value || *value > kMaxDurationMs) {
    return Error{Quoted(text) + " is not a time; write e.g. 250ms, 10s, 5m or 2h"};
  }
  return std::chrono::milliseconds(*value);
}

Result<uint64_t> ParseSize(std::string_view text) {
  const auto value = ParseWithUnit(text, kSizeUnits);
  if (!value) return Error{Quoted(text) + " is not a size; write e.g. 4096, 64KiB, 4MiB or 1GiB"};
  return *value;
}

Result<uint64_t> ParseNumber(std::string_view text, NumberRange range) {
  std::string_view rest = text;
  const auto number = TakeNumber(rest);
  if (!number || !rest.empty() || *number < range.low || *number > range.high) {
    return Error{Quoted(text) + " is not a number from " + std::to_string(range.low) + " to " +
                 std::to_string(range.high)};
  }
  return *number;
}

std::vector<std::string> SplitList(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

}  // namespace spanwire::app
