// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/sql/statement.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "agent/protocol/http1/trace_context.h"
#include "agent/protocol/sql/text.h"

namespace spanwire::protocol::sql {
namespace {

// A text with one of these may hold a secret that no rule finds: of column lists, options of a
// server, a connection string.
constexpr auto kSecretWords =
    std::to_array<std::string_view>({"PASSWORD", "PASSWD", "PWD", "SECRET", "TOKEN", "CREDENTIAL",
                                     "IDENTIFIED", "API_KEY", "APIKEY", "PRIVATE", "CRYPT"});

bool MaySpeakOfSecrets(std::string_view text) {
  return std::ranges::any_of(kSecretWords,
                             [&](std::string_view word) { return ContainsUpper(text, word); });
}

// Writes tokens as normalised text.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  // False when there is no room for more.
  bool Add(const Token& token);

 private:
  bool Literal(std::string_view text);
  bool Other(std::string_view text, bool after_in);
  void DropSign();
  bool DropComma();
  bool Append(std::string_view text);

  std::string& out_;
  bool space_ = false;       // before what comes next
  bool value_ = false;       // what came last can be a left operand
  size_t sign_ = 0;          // where a sign that may belong to a number stands, plus one
  bool after_in_ = false;    // IN came last
  bool in_list_ = false;     // within IN (…)
  size_t list_literal_ = 0;  // the end of a literal in that list
};

bool Writer::Add(const Token& token) {
  if (token.kind == TokenKind::kSpace || token.kind == TokenKind::kComment) {
    space_ = !out_.empty();
    return true;
  }
  const bool after_in = std::exchange(after_in_, false);
  switch (token.kind) {
    case TokenKind::kString:
    case TokenKind::kNumber: return Literal("?");
    case TokenKind::kParameter: return Literal(token.text);
    case TokenKind::kOther: return Other(token.text, after_in);
    default: break;
  }
  if (token.kind == TokenKind::kQuoted && token.open) return Literal("?");
  after_in_ = EqualsUpper(token.text, "IN");
  in_list_ = in_list_ && list_literal_ > 0;  // else: a query
  value_ = true;
  list_literal_ = sign_ = 0;
  return Append(token.text);
}

bool Writer::Literal(std::string_view text) {
  if (DropComma()) return true;
  DropSign();
  const bool fits = Append(text);
  value_ = true;
  sign_ = 0;
  if (in_list_) list_literal_ = out_.size();
  return fits;
}

bool Writer::Other(std::string_view text, bool after_in) {
  const char c = text.front();
  const bool sign = (c == '-' || c == '+') && (!value_ || space_);
  if (c == '(' || c == ')') in_list_ = c == '(' && after_in;
  if (c != ',' && !sign) list_literal_ = 0;
  value_ = c == ')' || c == ']';
  const bool fits = Append(text);
  sign_ = sign ? out_.size() : 0;
  return fits;
}

// "-5" is one literal: its sign goes, when nothing lies between.
void Writer::DropSign() {
  if (sign_ == 0 || space_ || out_.size() != sign_) return;
  out_.pop_back();
  if (!out_.ends_with(' ')) return;
  out_.pop_back();
  space_ = true;
}

// In a list of literals only the first one stays. True when it was there.
bool Writer::DropComma() {
  if (!in_list_ || list_literal_ == 0) return false;
  const std::string_view since = std::string_view(out_).substr(list_literal_);
  const size_t comma = since.find_first_not_of(' ');
  if (comma == std::string_view::npos || since[comma] != ',') return false;
  out_.resize(list_literal_);
  space_ = false;
  sign_ = 0;
  return true;
}

bool Writer::Append(std::string_view text) {
  const size_t gap = space_ ? 1 : 0;
  if (out_.size() + gap + text.size() > kMaxTextBytes) return false;
  if (gap > 0) out_ += ' ';
  space_ = false;
  out_ += text;
  return true;
}

// Cuts at a token's end.
void AppendRaw(std::string_view token, bool& full, std::string& out) {
  full = full || out.size() + token.size() > kMaxTextBytes;
  if (!full) out += token;
}

}  // namespace

void StatementReader::Read(std::string_view text, const Reading& reading, Statement& statement) {
  statement.Clear();
  summary_.Clear();
  const bool truncated = reading.truncated || text.size() > kMaxReadBytes;
  text = text.substr(0, kMaxReadBytes);
  const bool raw = reading.text == QueryText::kRaw && !MaySpeakOfSecrets(text);
  Lexer lexer(text, reading.escapes);
  Writer writer(statement.text);
  bool full = reading.text == QueryText::kOff;
  while (auto token = lexer.Next()) {
    token->open = token->open && (truncated || token->kind != TokenKind::kWord);
    if (raw) {
      AppendRaw(token->text, full, statement.text);
    } else if (!full) {
      full = !writer.Add(*token);
    }
    summary_.Add(*token);
  }
  statement.summary = summary_.Finish();
}

void ReadComments(std::string_view text, model::TraceContext& context) {
  static constexpr std::string_view kKey = "traceparent='";
  context.valid = false;
  if (text.substr(0, kMaxReadBytes).find(kKey) == std::string_view::npos) return;
  Lexer lexer(text.substr(0, kMaxReadBytes), Escapes::kStandard);
  while (const auto token = lexer.Next()) {
    if (token->kind != TokenKind::kComment) continue;
    const size_t key = token->text.find(kKey);
    if (key == std::string_view::npos) continue;
    const std::string_view value = token->text.substr(key + kKey.size());
    http1::ParseTraceParent(value.substr(0, value.find('\'')), context);
    return;
  }
}

}  // namespace spanwire::protocol::sql
