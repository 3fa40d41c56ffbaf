// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/postgresql/boundary.h"

#include <algorithm>

#include "agent/base/byte_reader.h"
#include "agent/protocol/postgresql/answers.h"
#include "agent/protocol/postgresql/frame.h"

namespace spanwire::protocol::postgresql {
namespace {

// A first message of which so little is here is waited for; a longer one is judged by its
// beginning.
constexpr size_t kEnough = 128;
constexpr uint64_t kLongest = uint64_t{64} << 20;
constexpr size_t kMaxFields = 1664;  // columns of a result

// Printable, or a blank; bytes beyond ASCII are part of names and literals.
bool IsText(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<uint8_t>(c);
    return (byte >= 0x20 && byte != 0x7f) || c == '\n' || c == '\t' || c == '\r';
  });
}

bool IsName(std::string_view text) { return text.size() <= 256 && IsText(text); }

bool IsQuery(std::string_view body, bool whole) {
  const auto text = TakeText(body);
  if (!text) return !whole && IsText(body);
  return body.empty() && whole && !text->empty() && IsText(*text);
}

bool IsParse(std::string_view body, bool whole) {
  const auto name = TakeText(body);
  if (!name || !IsName(*name)) return !name && !whole && IsName(body);
  const auto text = TakeText(body);
  if (!text) return !whole && IsText(body);
  const auto count = ByteReader(body).ReadBigEndian<uint16_t>();
  return IsText(*text) && (!whole || (count && body.size() == 2 + size_t{4} * *count));
}

// Format codes: a count, then 0 or 1 each.
bool TakeFormats(ByteReader& reader) {
  const auto count = reader.ReadBigEndian<uint16_t>();
  if (!count) return false;
  for (size_t i = 0; i < *count; ++i) {
    const auto format = reader.ReadBigEndian<uint16_t>();
    if (!format || *format > 1) return false;
  }
  return true;
}

// Lengths and values, -1 for NULL.
bool TakeValues(ByteReader& reader) {
  const auto count = reader.ReadBigEndian<uint16_t>();
  if (!count) return false;
  for (size_t i = 0; i < *count; ++i) {
    const auto length = reader.ReadBigEndian<uint32_t>();
    if (!length) return false;
    if (*length != 0xffff'ffff && !reader.ReadBytes(*length)) return false;
  }
  return true;
}

bool IsBind(std::string_view body, bool whole) {
  const auto portal = TakeText(body);
  const auto statement = portal ? TakeText(body) : std::nullopt;
  if (!statement) return false;
  if (!IsName(*portal) || !IsName(*statement)) return false;
  if (!whole) return true;
  ByteReader reader(body);
  return TakeFormats(reader) && TakeValues(reader) && TakeFormats(reader) && reader.empty();
}

bool IsExecute(std::string_view body) {
  const auto portal = TakeText(body);
  return portal && IsName(*portal) && body.size() == 4 && static_cast<uint8_t>(body[0]) < 0x80;
}

bool IsDescribe(std::string_view body) {
  if (body.empty() || (body.front() != 'S' && body.front() != 'P')) return false;
  body.remove_prefix(1);
  const auto name = TakeText(body);
  return name && IsName(*name) && body.empty();
}

bool IsRequest(char type, std::string_view body, bool whole) {
  switch (type) {
    case 'Q': return IsQuery(body, whole);
    case 'P': return IsParse(body, whole);
    case 'B': return IsBind(body, whole);
    case 'E': return whole && IsExecute(body);
    case 'D':
    case 'C': return whole && IsDescribe(body);
    case 'S':
    case 'H':
    case 'X': return whole && body.empty();
    default: return false;
  }
}

bool IsReport(std::string_view body) {
  if (!body.starts_with('S') || !body.ends_with('\0')) return false;
  return ReadNotice(body).code.size() == 5;
}

bool IsRow(std::string_view body, bool whole) {
  ByteReader reader(body);
  if (!whole) {
    const auto count = reader.ReadBigEndian<uint16_t>();
    const auto length = reader.ReadBigEndian<uint32_t>();
    return count && length && *count >= 1 && *count <= kMaxFields &&
           (*length < kLongest || *length == 0xffff'ffff);
  }
  return TakeValues(reader) && reader.empty();
}

bool IsRowDescription(std::string_view body, bool whole) {
  ByteReader reader(body.substr(0, 2));
  const auto count = reader.ReadBigEndian<uint16_t>();
  if (!count || *count > kMaxFields) return false;
  body.remove_prefix(2);
  for (size_t i = 0; i < *count; ++i) {
    const auto name = TakeText(body);
    if (!name || body.size() < 18) return !whole;
    if (!IsText(*name)) return false;
    body.remove_prefix(18);
  }
  return !whole || body.empty();
}

bool IsTag(std::string_view body) {
  const auto text = TakeText(body);
  return text && body.empty() && text->size() < 64 && !text->empty() && text->front() >= 'A' &&
         text->front() <= 'Z' && IsText(*text);
}

bool IsPair(std::string_view body) {
  const auto name = TakeText(body);
  const auto value = name ? TakeText(body) : std::nullopt;
  return value && body.empty() && IsName(*name) && !name->empty() && IsText(*value);
}

bool IsResponse(char type, std::string_view body, bool whole) {
  switch (type) {
    case '1':
    case '2':
    case '3':
    case 'I':
    case 'n':
    case 's': return whole && body.empty();
    case 'Z': return whole && body.size() == 1 && std::string_view("ITE").find(body[0]) < 3;
    case 'T': return IsRowDescription(body, whole);
    case 'D': return IsRow(body, whole);
    case 'C': return whole && IsTag(body);
    case 'S': return whole && IsPair(body);
    case 'E':
    case 'N': return whole && IsReport(body);
    case 't': return whole && body.size() % 4 == 2;
    default: return false;
  }
}

using IsMessage = bool (*)(char, std::string_view, bool);

Match MatchAll(std::string_view bytes, IsMessage is_message, Match yes) {
  size_t whole = 0;
  while (!bytes.empty()) {
    const auto frame = ReadFrame(bytes);
    if (!frame && bytes.size() < kHeaderBytes) return whole > 0 ? yes : Match::kNeedMore;
    if (!frame || frame->size > kLongest) return Match::kNo;
    const bool complete = frame->size <= bytes.size();
    const std::string_view body = bytes.substr(0, frame->size).substr(kHeaderBytes);
    // Of a message that is not all here, what there is must be enough to tell.
    if (!complete && body.size() < kEnough) {
      if (whole > 0) return yes;
      const bool plausible = std::string_view("QPBEDCSHXTZNItn123s").find(frame->type) < 19;
      return plausible ? Match::kNeedMore : Match::kNo;
    }
    if (!is_message(frame->type, body, complete)) return Match::kNo;
    if (!complete) return yes;
    bytes.remove_prefix(frame->size);
    ++whole;
  }
  return whole > 0 ? yes : Match::kNeedMore;
}

}  // namespace

Match MatchMessages(std::string_view bytes) {
  const Match requests = MatchAll(bytes, IsRequest, Match::kRequests);
  if (requests == Match::kRequests) return requests;
  const Match responses = MatchAll(bytes, IsResponse, Match::kResponses);
  return responses == Match::kNo ? requests : responses;
}

}  // namespace spanwire::protocol::postgresql
