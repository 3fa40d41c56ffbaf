// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/redis/boundary.h"

#include <algorithm>

#include "agent/protocol/redis/commands.h"
#include "agent/protocol/redis/header.h"

namespace spanwire::protocol::redis {
namespace {

constexpr size_t kMaxLine = 4096;
constexpr size_t kMaxNumber = 64;

bool IsPrintable(char c) { return static_cast<uint8_t>(c) >= 0x20 && c != 0x7f; }
bool IsCapital(char c) { return c >= 'A' && c <= 'Z'; }
bool IsNumeric(char c) { return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.'; }

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNumber && std::ranges::all_of(text, IsNumeric);
}

}  // namespace

bool IsReplyLine(char type, std::string_view line) {
  switch (type) {
    case '+': return !line.empty() && std::ranges::all_of(line, IsPrintable);
    case '-':
      return !line.empty() && IsCapital(line.front()) && std::ranges::all_of(line, IsPrintable);
    case ':':
    case '(': return IsNumber(line);
    case ',': return IsNumber(line) || line == "inf" || line == "-inf" || line == "nan";
    case '_': return line.empty();
    case '#': return line == "t" || line == "f";
    default: return false;
  }
}

bool BeginsRequest(std::string_view bytes) {
  Header header;
  if (ReadHeader(bytes, header) != HeaderStatus::kComplete) return false;
  if (header.type != '*' || header.null || header.streamed || header.value == 0) return false;
  const auto name = ReadBulkString(bytes.substr(header.size));
  return name && name->whole && FindCommand(name->text) != Command::kUnknown;
}

bool BeginsReply(std::string_view bytes) {
  if (bytes.empty()) return false;
  if (!IsLineType(bytes.front())) {
    Header header;
    const bool complete = ReadHeader(bytes, header) == HeaderStatus::kComplete;
    return complete && header.type != ';' && header.type != '.';
  }
  const size_t end = bytes.substr(0, kMaxLine).find("\r\n");
  return end != std::string_view::npos && IsReplyLine(bytes.front(), bytes.substr(1, end - 1));
}

}  // namespace spanwire::protocol::redis
