// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/fields.h"

#include <array>

#include "agent/protocol/http1/chars.h"
#include "agent/protocol/http1/framing.h"

namespace spanwire::protocol::http1 {
namespace {

// Which first characters of a line can begin a field that matters. What is no letter does: names
// that are not tokens are looked at for what they hide.
constexpr std::array<bool, 256> MakeFirstTable(std::string_view letters) {
  std::array<bool, 256> table{};
  for (size_t i = 0; i < table.size(); ++i) {
    const char c = static_cast<char>(i);
    table[i] = !IsAlpha(c) || letters.find(ToLower(c)) != std::string_view::npos;
  }
  return table;
}
constexpr std::array<bool, 256> kRequestFirst = MakeFirstTable("bcfhtux");
constexpr std::array<bool, 256> kResponseFirst = MakeFirstTable("ct");

// Blocks keep the counter in a byte, which lets the compiler compare a vector at a time.
size_t CountCarriageReturns(std::string_view text) {
  constexpr size_t kBlock = 240;
  size_t count = 0;
  while (!text.empty()) {
    uint8_t in_block = 0;
    for (const char c : text.substr(0, kBlock)) in_block += c == '\r';
    count += in_block;
    text.remove_prefix(std::min(text.size(), kBlock));
  }
  return count;
}

bool NamesFraming(std::string_view text) {
  return ContainsLower(text, "content-length") || ContainsLower(text, "transfer-encoding");
}

void SetFirst(std::string_view& field, std::string_view value) {
  if (field.empty()) field = value;
}

}  // namespace

size_t FieldReader::Read(std::string_view lines, Kind kind) {
  lines_ = lines;
  position_ = 0;
  kind_ = kind;
  fields_ = {};
  scratch_.clear();
  trace_state_.clear();
  const auto& first = kind == Kind::kRequest ? kRequestFirst : kResponseFirst;
  size_t crlf_count = 0;
  while (auto line = LineAt(position_)) {
    crlf_count += line->crlf ? 1 : 0;
    if (line->text.empty()) {
      const bool bare = CountCarriageReturns(lines.substr(0, line->next)) != crlf_count;
      fields_.framing.suspicious |= bare;
      return line->next;
    }
    if (first[static_cast<uint8_t>(line->text.front())]) {
      if (FoldFollows(*line) && !JoinFolds(*line, crlf_count)) return 0;
      OnField(line->text);
    }
    position_ = line->next;
  }
  return 0;
}

std::optional<FieldReader::Line> FieldReader::LineAt(size_t position) const {
  const size_t end = lines_.find('\n', position);
  if (end == std::string_view::npos) return std::nullopt;
  const bool crlf = end > position && lines_[end - 1] == '\r';
  return Line{.text = lines_.substr(position, end - position - (crlf ? 1 : 0)),
              .next = end + 1,
              .crlf = crlf};
}

bool FieldReader::FoldFollows(const Line& line) const {
  return line.next < lines_.size() && IsBlank(lines_[line.next]);
}

// Replaces `line` by the whole folded field. False when its last line is not there.
bool FieldReader::JoinFolds(Line& line, size_t& crlf_count) {
  // At the first fold of a head this makes room for all of them: joining makes nothing longer.
  if (scratch_.capacity() < lines_.size()) scratch_.reserve(lines_.size());
  const size_t begin = scratch_.size();
  scratch_.append(line.text);
  while (FoldFollows(line)) {
    const auto more = LineAt(line.next);
    if (!more) return false;
    crlf_count += more->crlf ? 1 : 0;
    scratch_.push_back(' ');
    scratch_.append(TrimBlank(more->text));
    line.next = more->next;
  }
  line.text = std::string_view(scratch_).substr(begin);
  return true;
}

void FieldReader::OnField(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos) return OnNoField(line);
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = TrimBlank(line.substr(colon + 1));
  if (name.size() == 14 && EqualsLower(name, "content-length")) {
    return AddContentLength(value, fields_.framing);
  }
  if (name.size() == 17 && EqualsLower(name, "transfer-encoding")) {
    return AddTransferEncoding(value, fields_.framing);
  }
  if (name.size() > 14 && !IsToken(name)) return OnNoField(name);
  if (kind_ == Kind::kRequest) OnRequestField(name, value);
}

void FieldReader::OnRequestField(std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 4:
      if (EqualsLower(name, "host")) SetFirst(fields_.host, value);
      break;
    case 7:
      if (EqualsLower(name, "upgrade")) fields_.upgrade = true;
      break;
    case 9:
      if (EqualsLower(name, "forwarded")) SetFirst(fields_.forwarded, value);
      break;
    case 10:
      if (EqualsLower(name, "user-agent")) SetFirst(fields_.user_agent, value);
      if (EqualsLower(name, "tracestate")) AppendTraceState(value);
      break;
    case 11:
      if (!EqualsLower(name, "traceparent")) break;
      fields_.trace_parent_repeated = !fields_.trace_parent.empty();
      SetFirst(fields_.trace_parent, value);
      break;
    case 15:
      if (EqualsLower(name, "x-forwarded-for")) SetFirst(fields_.forwarded_for, value);
      break;
    case 16:
      if (EqualsLower(name, "x-forwarded-host")) SetFirst(fields_.forwarded_host, value);
      break;
    case 17:
      if (EqualsLower(name, "x-forwarded-proto")) SetFirst(fields_.forwarded_proto, value);
      break;
    default: break;
  }
  const char first = ToLower(name.front());
  if (first == 'x' || first == 'b' || first == 'u') {
    TakePropagation(name, value, fields_.propagation);
  }
}

// A line that is no field, or a name that is no token, is skipped as robust recipients do, unless
// it could pass for a framing field elsewhere.
void FieldReader::OnNoField(std::string_view line) {
  if (NamesFraming(line)) fields_.framing.suspicious = true;
}

void FieldReader::AppendTraceState(std::string_view value) {
  if (fields_.trace_state.empty()) {
    fields_.trace_state = value;
    return;
  }
  if (value.empty()) return;
  if (trace_state_.empty()) trace_state_.assign(fields_.trace_state);
  trace_state_.append(",").append(value);
  fields_.trace_state = trace_state_;
}

}  // namespace spanwire::protocol::http1
