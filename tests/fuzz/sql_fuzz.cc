// SPDX-License-Identifier: Apache-2.0
// No literal survives, whatever SQL it stands in and wherever the text is cut.
//
// The input is SQL in which each byte 0x01 … 0x08 stands for a literal of some kind with a mark in
// it. The marks must be in no output, as long as the SQL around them leaves the literals literals:
// inside of a comment or of another literal they go as well; inside of a quoted name they may stay.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/protocol/sql/lexer.h"
#include "agent/protocol/sql/statement.h"

namespace spanwire::protocol::sql {
namespace {

constexpr std::string_view kMark = "8675309";

// A literal with the mark, for each of the bytes.
std::string_view LiteralOf(char c) {
  switch (c) {
    case 1: return " 8675309 ";
    case 2: return " '8675309' ";
    case 3: return " E'\\'8675309' ";
    case 4: return " $$8675309$$ ";
    case 5: return " $t$ '8675309 $t$ ";
    case 6: return " 'it''s 8675309' ";
    case 7: return " -8675309.5e-3 ";
    case 8: return " /* 8675309 */ ";
    default: return {};
  }
}

void Require(bool condition) {
  if (!condition) __builtin_trap();
}

bool HasMarkedName(std::string_view sql, Escapes escapes) {
  Lexer lexer(sql, escapes);
  size_t size = 0;
  bool marked = false;
  while (const auto token = lexer.Next()) {
    Require(!token->text.empty());
    Require(token->text == sql.substr(size, token->text.size()));
    size += token->text.size();
    const bool name = token->kind == TokenKind::kWord || token->kind == TokenKind::kQuoted ||
                      token->kind == TokenKind::kParameter;
    marked |= name && token->text.find(kMark) != std::string_view::npos;
  }
  Require(size == sql.size());
  return marked;
}

// Without what could begin a name, a comment or a literal of its own.
char Harmless(char c) {
  const bool opens = c == '\'' || c == '"' || c == '$' || c == '-' || c == '/' || c == '\\';
  return opens || (c >= '0' && c <= '9') ? ' ' : c;
}

std::string WithLiterals(std::string_view input, bool harmless) {
  std::string sql;
  for (const char c : input.substr(0, 2000)) {
    const std::string_view literal = LiteralOf(c);
    if (literal.empty()) {
      sql += harmless ? Harmless(c) : c;
    } else {
      sql += literal;
    }
  }
  return sql;
}

void Check(std::string_view sql, const Reading& reading, bool harmless) {
  StatementReader reader;
  Statement statement;
  reader.Read(sql, reading, statement);
  Require(statement.text.size() <= kMaxTextBytes);
  Require(statement.summary.size() <= 255);
  if (HasMarkedName(sql, reading.escapes) && !harmless) return;
  const std::string_view mark = harmless ? kMark.substr(0, 2) : kMark;
  Require(statement.text.find(mark) == std::string::npos);
  Require(statement.summary.find(mark) == std::string::npos);
}

void RunOne(std::string_view input) {
  const auto escapes = static_cast<Escapes>(input.size() % 3);
  for (const bool harmless : {true, false}) {
    const std::string sql = WithLiterals(input, harmless);
    const std::string_view all = sql;
    Check(all, {.escapes = escapes}, harmless);
    Check(all.substr(0, sql.size() - sql.size() % 7), {.escapes = escapes, .truncated = true},
          harmless);
    Check(all.substr(0, sql.size() / 2), {.escapes = escapes, .truncated = true}, harmless);
  }
}

}  // namespace
}  // namespace spanwire::protocol::sql

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string input(bytes, bytes + size);
  spanwire::protocol::sql::RunOne(input);
  return 0;
}
