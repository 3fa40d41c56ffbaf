// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "agent/protocol/http1/chars.h"
#include "agent/protocol/http1/http1.h"
#include "agent/protocol/http1/start_line.h"

namespace spanwire::protocol::http1 {
namespace {

constexpr std::string_view kResponseStart = "HTTP/1.";
// A request line is not longer; what has no line end by then is something else.
constexpr size_t kMaxLine = 16 * 1024;
constexpr size_t kMaxMethod = 32;

// Whether `method` is one that no other protocol begins a line with a path after.
bool IsCommonMethod(std::string_view method) {
  static constexpr std::array<std::string_view, 10> kMethods = {
      "GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE", "QUERY"};
  return std::ranges::find(kMethods, method) != kMethods.end();
}

Match DetectRequest(std::string_view bytes) {
  if (!IsAlpha(bytes.front())) return Match::kNo;
  const std::string_view start = bytes.substr(0, kMaxMethod + 1);
  const size_t method_end =
      static_cast<size_t>(std::ranges::find_if_not(start, IsTokenChar) - start.begin());
  if (method_end == start.size()) {
    return bytes.size() > kMaxMethod ? Match::kNo : Match::kNeedMore;
  }
  if (start[method_end] != ' ') return Match::kNo;

  const size_t line_end = bytes.find('\n');
  const bool complete = line_end != std::string_view::npos;
  std::string_view line = bytes.substr(0, line_end);
  if (complete && line.ends_with('\r')) line.remove_suffix(1);
  if (complete) return ParseRequestLine(line) ? Match::kRequests : Match::kNo;
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (std::ranges::any_of(line, IsControl) || line.size() > kMaxLine) return Match::kNo;
  const std::string_view target = line.substr(method_end + 1);
  if (line.starts_with("PRI *")) return Match::kNo;  // the preface of HTTP/2 (RFC 9113 §3.4)
  const bool common = IsCommonMethod(line.substr(0, method_end));
  return common && target.starts_with('/') ? Match::kRequests : Match::kNeedMore;
}

}  // namespace

Match Detect(std::string_view bytes) {
  while (!bytes.empty() && (bytes.front() == '\r' || bytes.front() == '\n')) {
    bytes.remove_prefix(1);
  }
  if (bytes.empty()) return Match::kNeedMore;
  const size_t common = std::min(bytes.size(), kResponseStart.size());
  if (bytes.substr(0, common) == kResponseStart.substr(0, common)) {
    return common == kResponseStart.size() ? Match::kResponses : Match::kNeedMore;
  }
  return DetectRequest(bytes);
}

}  // namespace spanwire::protocol::http1
