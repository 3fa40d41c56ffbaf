// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace spanwire::protocol::sql {

// What a backslash means in '…': PostgreSQL's standard_conforming_strings.
enum class Escapes : uint8_t {
  kUnknown,    // a backslash before a quote makes the rest of the text unreadable
  kStandard,   // an ordinary character
  kBackslash,  // takes the next character with it
};

enum class TokenKind : uint8_t {
  kSpace,      // blanks and control characters
  kComment,    // -- … or /* … */, nested
  kWord,       // key word or name: letters, digits, _, $ and everything beyond ASCII
  kQuoted,     // "name"
  kString,     // '…', E'…', B'…', X'…', N'…', U&'…', $tag$…$tag$
  kNumber,     // with what sticks to it: 12, 1.5e-3, 0xff, 12abc
  kParameter,  // $1
  kOther,      // one character
};

struct Token {
  TokenKind kind = TokenKind::kOther;
  std::string_view text;
  bool open = false;  // the text ended inside of it
};

// Cuts SQL into tokens that cover it without gaps, as PostgreSQL's scanner would, for any text:
// what is cut off or malformed gives tokens too, and then rather too long a literal than too short
// a one.
class Lexer {
 public:
  Lexer(std::string_view text, Escapes escapes) : text_(text), escapes_(escapes) {}

  std::optional<Token> Next();

 private:
  Token Take(TokenKind kind, size_t size, bool open = false);
  Token Spaces();
  Token LineComment();
  Token BlockComment();
  Token Word();
  Token Quoted();
  Token String(size_t quote, Escapes escapes);
  Token Number();
  Token Dollar();
  Token Tagged(size_t tag_size);
  char At(size_t index) const { return index < text_.size() ? text_[index] : '\0'; }

  std::string_view text_;  // what is left
  Escapes escapes_;
};

}  // namespace spanwire::protocol::sql
