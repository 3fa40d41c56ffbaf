// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/sql/lexer.h"

#include <algorithm>

#include "agent/protocol/sql/text.h"

namespace spanwire::protocol::sql {
namespace {

constexpr size_t kNone = std::string_view::npos;

template <typename Predicate>
size_t RunOf(std::string_view text, size_t from, Predicate predicate) {
  while (from < text.size() && predicate(text[from])) ++from;
  return from;
}

// The escapes of a string with this prefix, if there is such a prefix (SQL 4.1.2 of the manual).
std::optional<Escapes> EscapesOf(char prefix, Escapes plain) {
  switch (ToUpper(prefix)) {
    case 'E': return Escapes::kBackslash;
    case 'B':
    case 'X': return Escapes::kStandard;
    case 'N': return plain;
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<Token> Lexer::Next() {
  if (text_.empty()) return std::nullopt;
  const char first = text_.front();
  const char second = At(1);
  if (IsSpace(first)) return Spaces();
  if (first == '-' && second == '-') return LineComment();
  if (first == '/' && second == '*') return BlockComment();
  if (first == '\'') return String(0, escapes_);
  if (first == '"') return Quoted();
  if (first == '$') return Dollar();
  if (IsDigit(first) || (first == '.' && IsDigit(second))) return Number();
  if (IsLetter(first)) return Word();
  return Take(TokenKind::kOther, 1);
}

Token Lexer::Take(TokenKind kind, size_t size, bool open) {
  size = std::min(size, text_.size());
  const Token token = {.kind = kind, .text = text_.substr(0, size), .open = open};
  text_.remove_prefix(size);
  return token;
}

Token Lexer::Spaces() { return Take(TokenKind::kSpace, RunOf(text_, 1, IsSpace)); }

Token Lexer::LineComment() {
  const size_t end = text_.find_first_of("\r\n");
  return Take(TokenKind::kComment, end, end == kNone);
}

Token Lexer::BlockComment() {
  size_t depth = 1;
  size_t at = 2;
  while (depth > 0) {
    at = text_.find_first_of("*/", at);
    if (at == kNone || at + 1 >= text_.size()) return Take(TokenKind::kComment, kNone, true);
    const std::string_view pair = text_.substr(at, 2);
    if (pair == "/*") {
      ++depth;
    } else if (pair == "*/") {
      --depth;
    } else {
      ++at;
      continue;
    }
    at += 2;
  }
  return Take(TokenKind::kComment, at);
}

Token Lexer::Word() {
  if (At(1) == '\'') {
    if (const auto escapes = EscapesOf(text_.front(), escapes_)) return String(1, *escapes);
  }
  if (ToUpper(text_.front()) == 'U' && At(1) == '&' && At(2) == '\'') return String(2, escapes_);
  const size_t size = RunOf(text_, 1, [](char c) { return IsWordChar(c) || c == '$'; });
  return Take(TokenKind::kWord, size, size == text_.size());
}

Token Lexer::Quoted() {
  size_t at = 1;
  while (true) {
    at = text_.find('"', at);
    if (at == kNone) return Take(TokenKind::kQuoted, kNone, true);
    if (At(at + 1) != '"') return Take(TokenKind::kQuoted, at + 1);
    at += 2;
  }
}

Token Lexer::String(size_t quote, Escapes escapes) {
  size_t at = quote + 1;
  while (true) {
    at = text_.find_first_of("'\\", at);
    if (at == kNone) return Take(TokenKind::kString, kNone, true);
    const bool doubled = text_[at] == '\'' && At(at + 1) == '\'';
    if (text_[at] == '\'' && !doubled) return Take(TokenKind::kString, at + 1);
    if (text_[at] == '\\' && escapes == Escapes::kUnknown && At(at + 1) == '\'') {
      return Take(TokenKind::kString, kNone, true);
    }
    at += doubled || (text_[at] == '\\' && escapes == Escapes::kBackslash) ? 2 : 1;
  }
}

Token Lexer::Number() {
  size_t at = 0;
  while (true) {
    at = RunOf(text_, at, [](char c) { return IsWordChar(c) || c == '.'; });
    const bool exponent = at > 0 && ToUpper(text_[at - 1]) == 'E' && IsDigit(At(at + 1));
    if (!exponent || (At(at) != '-' && At(at) != '+')) break;
    ++at;
  }
  return Take(TokenKind::kNumber, at, at == text_.size());
}

Token Lexer::Dollar() {
  if (IsDigit(At(1))) return Take(TokenKind::kParameter, RunOf(text_, 1, IsDigit));
  const size_t tag = At(1) == '$' ? 1 : RunOf(text_, 1, IsWordChar);
  // A tag that is cut off begins a string too.
  if (tag == text_.size()) return Take(TokenKind::kString, kNone, true);
  return text_[tag] == '$' ? Tagged(tag + 1) : Take(TokenKind::kOther, 1);
}

Token Lexer::Tagged(size_t tag_size) {
  const std::string_view tag = text_.substr(0, tag_size);
  const size_t end = text_.find(tag, tag_size);
  if (end == kNone) return Take(TokenKind::kString, kNone, true);
  return Take(TokenKind::kString, end + tag_size);
}

}  // namespace spanwire::protocol::sql
