// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/redis/reply.h"

#include <algorithm>

#include "agent/base/ascii.h"
#include "agent/protocol/redis/header.h"
#include "agent/protocol/redis/session.h"

namespace spanwire::protocol::redis {
namespace {

// An error's prefix is known by then.
constexpr size_t kErrorBytes = 40;
// The longest word that tells what a push is: "punsubscribe".
constexpr uint64_t kMaxKind = 16;

bool IsPublished(std::string_view kind, uint64_t size) {
  if (kind == "pmessage") return size == 4;
  return size == 3 && (kind == "message" || kind == "smessage");
}

// What a subscriber may ask.
bool MayBeSubscriber(const Expected& expected) {
  if (!expected.any) return true;
  const Command command = expected.command;
  return IsSubscription(command) || IsUnsubscription(command) || command == Command::kPing ||
         command == Command::kQuit || command == Command::kReset;
}

ReplyKind ClassifyErrorLine(std::string_view bytes) {
  const bool ends = bytes.substr(0, kErrorBytes).find_first_of(" \r\n") != std::string_view::npos;
  return ends || bytes.size() >= kErrorBytes ? ReplyKind::kError : ReplyKind::kNeedMore;
}

ReplyKind ClassifyLine(std::string_view bytes, const Expected& expected) {
  if (bytes.front() == '-') return ClassifyErrorLine(bytes);
  if (bytes.front() != '+' || !expected.monitors) return ReplyKind::kAnswer;
  if (bytes.size() < 2) return ReplyKind::kNeedMore;
  return IsDigit(bytes[1]) ? ReplyKind::kAside : ReplyKind::kAnswer;
}

// Judges an array or a push of `size` by its first word.
ReplyKind ClassifyByWord(std::string_view kind, const Header& header, const Expected& expected) {
  const ReplyKind other = header.type == '>' ? ReplyKind::kAside : ReplyKind::kAnswer;
  const Command confirmed = ConfirmationOf(kind);
  if (confirmed != Command::kUnknown && header.value == 3) {
    if (expected.any && expected.command == confirmed) return ReplyKind::kConfirmation;
    const bool more = expected.unsubscribed && IsUnsubscription(confirmed);
    return more || !expected.any ? ReplyKind::kAside : other;
  }
  const bool published = MayBeSubscriber(expected) && IsPublished(kind, header.value);
  return published ? ReplyKind::kAside : other;
}

ReplyKind ClassifyList(std::string_view bytes, const Header& header, const Expected& expected) {
  const bool push = header.type == '>';
  const ReplyKind other = push ? ReplyKind::kAside : ReplyKind::kAnswer;
  if (header.null || header.streamed || header.value == 0) return other;
  const bool listens = expected.unsubscribed || MayBeSubscriber(expected);
  if (!push && (header.value > 4 || !listens)) return other;
  const std::string_view rest = bytes.substr(header.size);
  if (rest.empty()) return ReplyKind::kNeedMore;
  if (rest.front() != '$') return other;
  Header first;
  const HeaderStatus status = ReadHeader(rest, first);
  if (status == HeaderStatus::kIncomplete) return ReplyKind::kNeedMore;
  if (status == HeaderStatus::kInvalid) return ReplyKind::kInvalid;
  const auto word = ReadBulkString(rest);
  if (!word || word->length > kMaxKind) return other;
  if (!word->whole) return ReplyKind::kNeedMore;
  return ClassifyByWord(word->text, header, expected);
}

}  // namespace

ReplyKind ClassifyReply(std::string_view bytes, const Expected& expected) {
  if (bytes.empty()) return ReplyKind::kNeedMore;
  if (IsLineType(bytes.front())) return ClassifyLine(bytes, expected);
  if (bytes.front() == ';' || bytes.front() == '.') return ReplyKind::kInvalid;
  Header header;
  const HeaderStatus status = ReadHeader(bytes, header);
  if (status == HeaderStatus::kInvalid) return ReplyKind::kInvalid;
  if (status == HeaderStatus::kIncomplete) return ReplyKind::kNeedMore;
  if (header.type == '|') return ReplyKind::kAside;
  if (header.type == '*' || header.type == '>') return ClassifyList(bytes, header, expected);
  if (header.type != '!') return ReplyKind::kAnswer;
  const uint64_t least = std::min<uint64_t>(header.value, kErrorBytes);
  return bytes.size() < header.size + least ? ReplyKind::kNeedMore : ReplyKind::kError;
}

std::string_view ErrorLine(std::string_view bytes) {
  if (!bytes.starts_with('!')) return bytes.substr(0, kErrorBytes);
  Header header;
  if (ReadHeader(bytes, header) != HeaderStatus::kComplete) return {};
  // The LF of the header stands for the '-'.
  return bytes.substr(header.size - 1, 1 + std::min<uint64_t>(header.value, kErrorBytes));
}

}  // namespace spanwire::protocol::redis
