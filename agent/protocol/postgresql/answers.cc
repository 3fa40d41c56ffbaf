// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/postgresql/answers.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "agent/base/ascii.h"
#include "agent/protocol/postgresql/frame.h"

namespace spanwire::protocol::postgresql {
namespace {

constexpr size_t kCodeSize = 5;
constexpr size_t kMaxVerb = 40;

bool IsCode(std::string_view text) {
  return text.size() == kCodeSize &&
         std::ranges::all_of(text, [](char c) { return IsUpper(c) || IsDigit(c); });
}

std::optional<int64_t> Number(std::string_view text) {
  int64_t value = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto [rest, error] = std::from_chars(begin, end, value);
  if (error != std::errc() || rest != end || value < 0) return std::nullopt;
  return value;
}

}  // namespace

Notice ReadNotice(std::string_view body) {
  Notice notice;
  while (!body.empty() && body.front() != '\0') {
    const char field = body.front();
    body.remove_prefix(1);
    const auto value = TakeText(body);
    if (!value) return notice;
    // 'S' may be translated, 'V' (PostgreSQL 9.6) is not.
    if (field == 'S' || field == 'V') notice.fatal |= *value == "FATAL" || *value == "PANIC";
    if (field == 'C' && IsCode(*value)) notice.code = *value;
  }
  return notice;
}

bool IsWarning(std::string_view code) { return code.starts_with("01") || code.starts_with("02"); }

CommandTag ReadTag(std::string_view body) {
  const auto text = TakeText(body);
  CommandTag tag;
  if (!text) return tag;
  const size_t digits = std::min(text->find_first_of("0123456789"), text->size());
  tag.verb = text->substr(0, std::min(digits, kMaxVerb));
  while (tag.verb.ends_with(' ')) tag.verb.remove_suffix(1);
  const bool plain =
      std::ranges::all_of(tag.verb, [](char c) { return IsUpper(c) || c == ' ' || c == '_'; });
  if (!plain) tag.verb = {};
  const size_t last = text->rfind(' ');
  if (last != std::string_view::npos) tag.rows = Number(text->substr(last + 1));
  return tag;
}

RowMeaning MeaningOf(std::string_view verb) {
  static constexpr std::array<std::string_view, 6> kAffecting = {"INSERT", "UPDATE", "DELETE",
                                                                 "MERGE",  "COPY",   "MOVE"};
  if (verb == "SELECT" || verb == "FETCH") return RowMeaning::kReturned;
  return std::ranges::find(kAffecting, verb) == kAffecting.end() ? RowMeaning::kNone
                                                                 : RowMeaning::kAffected;
}

}  // namespace spanwire::protocol::postgresql
