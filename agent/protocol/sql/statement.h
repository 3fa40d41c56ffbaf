// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "agent/model/message.h"
#include "agent/protocol/parser.h"
#include "agent/protocol/sql/lexer.h"
#include "agent/protocol/sql/summary.h"

namespace spanwire::protocol::sql {

// Text of a statement that leaves the agent is not longer.
inline constexpr size_t kMaxTextBytes = 4096;
// More than this is not looked at.
inline constexpr size_t kMaxReadBytes = size_t{64} << 10;

// What a statement, or several in one text, says of itself.
struct Statement {
  std::string text;     // `db.query.text`
  std::string summary;  // `db.query.summary`

  void Clear() {
    text.clear();
    summary.clear();
  }
};

// How to read a text.
struct Reading {
  QueryText text = QueryText::kNormalized;
  Escapes escapes = Escapes::kUnknown;
  bool truncated = false;  // the end of the text is not here
};

// Reads statements: normalises them (every literal becomes `?`, lists of literals in IN (…) one
// `?`, comments go, blanks become one space) and summarises them.
//
// A literal never leaves, not even a part of one, however the text is cut or malformed: where the
// text ends inside of something, all of that is `?`. With QueryText::kRaw the text stays as it is,
// unless it speaks of passwords and the like: then it is normalised too.
class StatementReader {
 public:
  // Replaces what `statement` held.
  void Read(std::string_view text, const Reading& reading, Statement& statement);

 private:
  SummaryBuilder summary_;
};

// The trace context that a comment of `text` carries (SQLCommenter:
// /*traceparent='…',tracestate='…'*/); `context.valid` says whether there is one.
void ReadComments(std::string_view text, model::TraceContext& context);

}  // namespace spanwire::protocol::sql
