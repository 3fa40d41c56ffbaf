// SPDX-License-Identifier: Apache-2.0
#include "agent/process/service_name.h"

#include <algorithm>
#include <array>
#include <optional>

#include "agent/process/program.h"
#include "agent/process/text.h"

namespace spanwire::process {
namespace {

constexpr size_t kMaxName = 255;
constexpr std::string_view kServiceSuffix = ".service";
constexpr std::string_view kUnknown = "unknown_service";

bool AllDigits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// What systemd-run calls a unit that was given no name: "run-u17", "run-r<32 hex digits>",
// "run-p512-i513".
bool IsTransient(std::string_view name) {
  if (!name.starts_with("run-")) return false;
  name.remove_prefix(4);
  if (name.starts_with('u')) return AllDigits(name.substr(1));
  if (name.starts_with('r')) return name.size() == 33 && IsHex(name.substr(1));
  return name.starts_with('p') && name.size() > 1 && name[1] >= '0' && name[1] <= '9';
}

std::optional<char> HexByte(std::string_view digits) {
  if (digits.size() != 2 || !IsHex(digits)) return std::nullopt;
  const auto value = [](char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; };
  return static_cast<char>(value(digits[0]) * 16 + value(digits[1]));
}

// Undoes systemd-escape: "a\x2db" is "a-b". A broken escape stays as it is.
std::string Unescaped(std::string_view name) {
  std::string text;
  while (!name.empty()) {
    std::optional<char> byte;
    if (name.starts_with("\\x")) byte = HexByte(name.substr(2, 2));
    text += byte.value_or(name.front());
    name.remove_prefix(byte ? 4 : 1);
  }
  return text;
}

std::string NameOfUnit(std::string_view unit) {
  if (!unit.ends_with(kServiceSuffix)) return {};
  unit.remove_suffix(kServiceSuffix.size());
  if (unit.starts_with("user@") || IsTransient(unit)) return {};
  return CleanText(Unescaped(unit), kMaxName);
}

// One binary that is many programs is called by the name it was started under. Debian's
// redis-server is a link to one of its tools, and writes what it serves behind its name.
std::string NameOfExecutable(const model::Process& process) {
  constexpr std::array<std::string_view, 5> kMultiCall{"busybox", "toybox", "coreutils",
                                                       "redis-check-rdb", "valkey-check-rdb"};
  const bool multi = std::ranges::find(kMultiCall, process.executable_name) != kMultiCall.end();
  if (!multi || process.arguments.empty()) return process.executable_name;
  const std::string_view title = process.arguments.front();
  const std::string_view applet = BaseName(title.substr(0, title.find(' ')));
  return applet.empty() ? process.executable_name : std::string(applet);
}

}  // namespace

std::string ChooseServiceName(const model::Process& process, std::string_view container_name) {
  const std::array<std::string, 5> candidates{
      NameOfUnit(process.systemd_unit), std::string(container_name),
      ProgramName(process.executable_name, process.arguments), NameOfExecutable(process),
      process.comm};
  for (const auto& candidate : candidates) {
    std::string name = CleanText(candidate, kMaxName);
    if (!name.empty()) return name;
  }
  return std::string(kUnknown);
}

}  // namespace spanwire::process
