// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/start_line.h"

#include <algorithm>

#include "agent/protocol/http1/chars.h"

namespace spanwire::protocol::http1 {
namespace {

constexpr std::string_view kVersionPrefix = "HTTP/1.";
constexpr size_t kVersionSize = kVersionPrefix.size() + 1;

// The minor version when `text` is "HTTP/1.x".
std::optional<int> ParseVersion(std::string_view text) {
  if (text.size() != kVersionSize || !text.starts_with(kVersionPrefix)) return std::nullopt;
  if (!IsDigit(text.back())) return std::nullopt;
  return text.back() - '0';
}

bool HasControl(std::string_view text) {
  bool found = false;
  for (const char c : text) found |= IsControl(c) && c != '\t';
  return found;
}

bool IsVisible(char c) { return static_cast<uint8_t>(c) > 0x20 && static_cast<uint8_t>(c) < 0x7f; }

// origin-form, absolute-form, asterisk-form, or with CONNECT authority-form (RFC 9112 §3.2).
bool IsStrictTarget(std::string_view method, std::string_view target) {
  if (!std::ranges::all_of(target, IsVisible)) return false;
  if (target.front() == '/') return true;
  if (method == "OPTIONS" && target == "*") return true;
  if (method == "CONNECT") return target.find(':') != std::string_view::npos;
  return target.starts_with("http://") || target.starts_with("https://");
}

}  // namespace

std::optional<RequestLine> ParseRequestLine(std::string_view line) {
  while (!line.empty() && IsBlank(line.back())) line.remove_suffix(1);
  const size_t method_end = line.find(' ');
  if (method_end == std::string_view::npos) return std::nullopt;
  const std::string_view method = line.substr(0, method_end);
  std::string_view rest = line.substr(method_end);
  if (rest.size() < kVersionSize + 1 || !IsToken(method)) return std::nullopt;

  const size_t version_begin = rest.size() - kVersionSize;
  const auto minor = ParseVersion(rest.substr(version_begin));
  if (!minor || !IsBlank(rest[version_begin - 1])) return std::nullopt;
  const std::string_view target = TrimBlank(rest.substr(0, version_begin));
  if (target.empty() || HasControl(target)) return std::nullopt;
  return RequestLine{.method = method, .target = target, .minor_version = *minor};
}

std::optional<RequestLine> ParseStrictRequestLine(std::string_view line) {
  const auto parsed = ParseRequestLine(line);
  if (!parsed || parsed->minor_version > 1) return std::nullopt;
  if (parsed->method.size() + parsed->target.size() + kVersionSize + 2 != line.size()) {
    return std::nullopt;  // more than the two single spaces
  }
  if (!IsUpper(parsed->method.front()) || !IsStrictTarget(parsed->method, parsed->target)) {
    return std::nullopt;
  }
  return parsed;
}

std::optional<StatusLine> ParseStatusLine(std::string_view line) {
  constexpr size_t kCodeSize = 3;
  if (line.size() < kVersionSize + 1 + kCodeSize) return std::nullopt;
  const auto minor = ParseVersion(line.substr(0, kVersionSize));
  if (!minor || line[kVersionSize] != ' ') return std::nullopt;

  int code = 0;
  for (const char c : line.substr(kVersionSize + 1, kCodeSize)) {
    if (!IsDigit(c)) return std::nullopt;
    code = code * 10 + (c - '0');
  }
  const std::string_view reason = line.substr(kVersionSize + 1 + kCodeSize);
  if (code < 100 || (!reason.empty() && reason.front() != ' ')) return std::nullopt;
  if (reason.find('\r') != std::string_view::npos) return std::nullopt;  // a line's end to some
  return StatusLine{.code = code, .minor_version = *minor};
}

}  // namespace spanwire::protocol::http1
