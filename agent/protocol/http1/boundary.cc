// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/boundary.h"

#include "agent/protocol/http1/chars.h"
#include "agent/protocol/http1/start_line.h"
#include "agent/protocol/parser.h"

namespace spanwire::protocol::http1 {
namespace {

constexpr size_t kNone = std::string_view::npos;

// The next line with its CRLF taken off, and off `bytes`. False when none is complete or it ends
// with LF alone.
bool TakeLine(std::string_view& bytes, std::string_view& line) {
  const size_t end = bytes.find('\n');
  if (end == kNone || end == 0 || bytes[end - 1] != '\r') return false;
  line = bytes.substr(0, end - 1);
  bytes.remove_prefix(end + 1);
  return true;
}

// What the fields of a complete head tell about its being one.
struct HeadSigns {
  bool complete = false;
  bool host = false;
  bool framing = false;
};

HeadSigns ReadSigns(std::string_view bytes) {
  HeadSigns signs;
  std::string_view line;
  while (TakeLine(bytes, line)) {
    if (line.empty()) {
      signs.complete = true;
      return signs;
    }
    const size_t colon = line.find(':');
    if (colon == kNone || !IsToken(line.substr(0, colon))) return {};
    const std::string_view name = line.substr(0, colon);
    signs.host |= EqualsLower(name, "host");
    signs.framing |= EqualsLower(name, "content-length") || EqualsLower(name, "transfer-encoding");
  }
  return signs;
}

bool IsRequestAt(std::string_view bytes, bool at_front) {
  std::string_view line;
  if (!TakeLine(bytes, line) || !ParseStrictRequestLine(line)) return false;
  if (at_front) return true;
  const HeadSigns signs = ReadSigns(bytes);
  return signs.complete && signs.host;
}

bool IsResponseAt(std::string_view bytes, bool at_front) {
  std::string_view line;
  if (!TakeLine(bytes, line)) return false;
  const auto status = ParseStatusLine(line);
  if (!status || status->minor_version > 1 || status->code > 599) return false;
  if (at_front) return true;
  const HeadSigns signs = ReadSigns(bytes);
  const bool no_content = status->code == 204 || status->code == 304;
  return signs.complete && (signs.framing || no_content);
}

// Content of these types holds whole heads.
bool HoldsHeads(std::string_view bytes) {
  return ContainsLower(bytes, "application/http") || ContainsLower(bytes, "message/http");
}

size_t Find(std::string_view bytes, bool (*is_at)(std::string_view, bool)) {
  if (is_at(bytes, true)) return 0;
  for (size_t end = bytes.find('\n'); end != kNone; end = bytes.find('\n', end + 1)) {
    const size_t begin = end + 1;
    if (begin >= bytes.size() || !is_at(bytes.substr(begin), false)) continue;
    return HoldsHeads(bytes.substr(0, begin)) ? kNoBoundary : begin;
  }
  return kNoBoundary;
}

}  // namespace

size_t FindRequest(std::string_view bytes) { return Find(bytes, IsRequestAt); }
size_t FindResponse(std::string_view bytes) { return Find(bytes, IsResponseAt); }

}  // namespace spanwire::protocol::http1
