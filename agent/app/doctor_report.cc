// SPDX-License-Identifier: Apache-2.0
#include "agent/app/doctor_report.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

namespace spanwire::app {
namespace {

struct StatusWords {
  std::string_view label;  // as wide as the others
  std::string_view json;
  std::string_view color;  // SGR sequence
};
constexpr std::array<StatusWords, 3> kWords{
    {{"PASS", "pass", "\x1b[32m"}, {"WARN", "warn", "\x1b[33m"}, {"FAIL", "fail", "\x1b[1;31m"}}};
constexpr std::string_view kNoColor = "\x1b[0m";
constexpr size_t kGap = 2;

const StatusWords& WordsOf(DoctorStatus status) { return kWords[static_cast<size_t>(status)]; }

DoctorStatus Worst(std::span<const DoctorCheck> checks) {
  DoctorStatus worst = DoctorStatus::kPass;
  for (const auto& check : checks) worst = std::max(worst, check.status);
  return worst;
}

// Further lines of `text` are moved under the first; other control characters become blanks, so
// that what a kernel or a file said cannot drive the terminal.
std::string Block(std::string_view text, size_t indent) {
  std::string block;
  for (const char c : text) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (c == '\n') {
      block += '\n' + std::string(indent, ' ');
    } else {
      block += control ? ' ' : c;
    }
  }
  return block;
}

std::string ClosingLine(std::span<const DoctorCheck> checks) {
  std::array<size_t, 3> counts{};
  for (const auto& check : checks) ++counts[static_cast<size_t>(check.status)];
  return std::to_string(counts[0]) + " passed, " + std::to_string(counts[1]) +
         (counts[1] == 1 ? " warning, " : " warnings, ") + std::to_string(counts[2]) + " failed\n";
}

}  // namespace

std::string FormatDoctorText(std::span<const DoctorCheck> checks, bool color) {
  size_t name_width = 0;
  for (const auto& check : checks) name_width = std::max(name_width, check.name.size());
  const size_t indent = WordsOf(DoctorStatus::kPass).label.size() + kGap + name_width + kGap;
  std::string text;
  for (const auto& check : checks) {
    const StatusWords& words = WordsOf(check.status);
    if (color) text += words.color;
    text += words.label;
    if (color) text += kNoColor;
    text += std::string(kGap, ' ') + check.name;
    text += std::string(name_width - check.name.size() + kGap, ' ');
    text += Block(check.detail, indent) + '\n';
    if (!check.fix.empty()) {
      text += std::string(indent, ' ') + "fix: " + Block(check.fix, indent + 5) + '\n';
    }
  }
  return text + '\n' + ClosingLine(checks);
}

std::string FormatDoctorJson(std::span<const DoctorCheck> checks) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& check : checks) {
    nlohmann::ordered_json entry;
    entry["name"] = check.name;
    entry["status"] = WordsOf(check.status).json;
    entry["detail"] = check.detail;
    if (!check.fix.empty()) entry["fix"] = check.fix;
    list.push_back(std::move(entry));
  }
  nlohmann::ordered_json report;
  report["schema"] = "spanwire.doctor/1";
  report["status"] = WordsOf(Worst(checks)).json;
  report["checks"] = std::move(list);
  constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
  return report.dump(2, ' ', false, kReplace) + '\n';
}

ExitCode DoctorExitCode(std::span<const DoctorCheck> checks) {
  return Worst(checks) == DoctorStatus::kFail ? kExitFailed : kExitOk;
}

}  // namespace spanwire::app
