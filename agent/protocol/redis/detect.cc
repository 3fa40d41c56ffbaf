// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "agent/protocol/redis/boundary.h"
#include "agent/protocol/redis/commands.h"
#include "agent/protocol/redis/header.h"
#include "agent/protocol/redis/redis.h"

namespace spanwire::protocol::redis {
namespace {

constexpr std::string_view kOk = "+OK\r\n";
constexpr std::string_view kPong = "+PONG\r\n";
// An inline command that is longer is not waited for.
constexpr size_t kMaxInline = 1024;

// Errors that a connection may begin with.
constexpr auto kErrors = std::to_array<std::string_view>({
    "-BUSY ",
    "-CLUSTERDOWN ",
    "-DENIED Redis",
    "-ERR max number of clients",
    "-ERR unknown command",
    "-ERR wrong number of arguments",
    "-LOADING ",
    "-MASTERDOWN ",
    "-MISCONF ",
    "-MOVED ",
    "-NOAUTH ",
    "-NOPERM ",
    "-NOSCRIPT ",
    "-READONLY ",
    "-WRONGPASS ",
    "-WRONGTYPE ",
});

// Whether `bytes` begin with `start`, as far as both go.
Match BeginsWith(std::string_view bytes, std::string_view start, Match match) {
  const size_t common = std::min(bytes.size(), start.size());
  if (bytes.substr(0, common) != start.substr(0, common)) return Match::kNo;
  return common == start.size() ? match : Match::kNeedMore;
}

Match DetectError(std::string_view bytes) {
  bool may_become = false;
  for (const std::string_view error : kErrors) {
    const Match match = BeginsWith(bytes, error, Match::kResponses);
    if (match == Match::kResponses) return match;
    may_become |= match == Match::kNeedMore;
  }
  return may_become ? Match::kNeedMore : Match::kNo;
}

// Any value that only servers send, by its first line.
Match DetectValue(std::string_view bytes) {
  if (BeginsReply(bytes)) return Match::kResponses;
  const bool ends = bytes.substr(0, kMaxHeaderLine).find('\n') != std::string_view::npos;
  return ends || bytes.size() >= kMaxHeaderLine ? Match::kNo : Match::kNeedMore;
}

// "+OK" alone is POP3's too: what follows it decides.
Match DetectStatus(std::string_view bytes) {
  while (bytes.starts_with(kOk)) bytes.remove_prefix(kOk.size());
  if (bytes.empty()) return Match::kNeedMore;
  if (bytes.front() != '+') return DetectValue(bytes);
  const Match pong = BeginsWith(bytes, kPong, Match::kResponses);
  return pong != Match::kNo ? pong : BeginsWith(bytes, kOk, Match::kNeedMore);
}

// An array of strings whose first one is a command's name is a request, one of anything else than
// strings an answer.
Match DetectArray(std::string_view bytes, const Header& header) {
  if (header.null || header.streamed || header.value == 0) return Match::kNo;
  const std::string_view rest = bytes.substr(header.size);
  if (rest.empty()) return Match::kNeedMore;
  if (rest.front() != '$') return DetectValue(rest);
  Header name;
  const HeaderStatus status = ReadHeader(rest, name);
  if (status == HeaderStatus::kIncomplete) return Match::kNeedMore;
  const bool good = status == HeaderStatus::kComplete && !name.null && !name.streamed &&
                    name.value > 0 && name.value <= kMaxCommandName;
  if (!good || !MayBeCommandName(rest.substr(name.size, name.value))) return Match::kNo;
  if (rest.size() < name.size + name.value) return Match::kNeedMore;
  return BeginsRequest(bytes) ? Match::kRequests : Match::kNo;
}

Match DetectHeader(std::string_view bytes) {
  Header header;
  switch (ReadHeader(bytes, header)) {
    case HeaderStatus::kInvalid: return Match::kNo;
    case HeaderStatus::kIncomplete: return Match::kNeedMore;
    case HeaderStatus::kComplete: break;
  }
  if (header.type == '*') return DetectArray(bytes, header);
  if (header.type == '$') return Match::kResponses;
  // HELLO 3 is answered by a map, tracking and subscriptions push.
  const bool holds = (header.type == '%' || header.type == '>') && !header.null;
  if (!holds) return Match::kNo;
  const std::string_view rest = bytes.substr(header.size);
  if (rest.empty()) return Match::kNeedMore;
  return rest.front() == '$' || rest.front() == '+' ? Match::kResponses : Match::kNo;
}

// Inline commands look like those of other line protocols: their answer tells.
Match DetectInline(std::string_view bytes) {
  const size_t line_end = bytes.find('\n');
  const size_t name_end = std::min(bytes.find_first_of(" \r\n"), bytes.size());
  const std::string_view name = bytes.substr(0, name_end);
  if (!MayBeCommandName(name)) return Match::kNo;
  if (name_end == bytes.size()) return Match::kNeedMore;
  if (FindCommand(name) == Command::kUnknown) return Match::kNo;
  if (line_end == std::string_view::npos && bytes.size() > kMaxInline) return Match::kNo;
  return Match::kNeedMore;
}

}  // namespace

Match Detect(std::string_view bytes) {
  if (bytes.empty()) return Match::kNeedMore;
  switch (bytes.front()) {
    case '+': return DetectStatus(bytes);
    case '-': return DetectError(bytes);
    case ':': return DetectValue(bytes);
    case '*':
    case '$':
    case '%':
    case '>': return DetectHeader(bytes);
    default: return DetectInline(bytes);
  }
}

}  // namespace spanwire::protocol::redis
