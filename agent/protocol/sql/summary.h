// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/protocol/sql/lexer.h"

namespace spanwire::protocol::sql {

// Builds `db.query.summary` from a statement's tokens: operations and their targets in the order of
// the text, as written, at most 255 bytes (OpenTelemetry semantic conventions 1.44, database
// spans).
//
//   SELECT a FROM t JOIN s.u …          SELECT t s.u
//   INSERT INTO t SELECT … FROM u       INSERT t SELECT u
//   WITH c AS (SELECT … FROM t) …       SELECT t …
//   CREATE UNIQUE INDEX i ON t          CREATE INDEX i
//   BEGIN; UPDATE t SET …; COMMIT       BEGIN UPDATE t COMMIT
//
// A name is a target where a table may stand. Savepoints, cursors and the names of prepared
// statements are none: each may be a new one.
class SummaryBuilder {
 public:
  void Clear();
  // Every token in order. One that is `open` may be part of a name only: it becomes no target.
  void Add(const Token& token);
  // Valid until the next non-const call.
  std::string_view Finish();

 private:
  // What the next word may be.
  enum class Expect : uint8_t {
    kNothing,
    kStatement,  // an operation
    kObject,     // CREATE, ALTER, DROP: a kind of object
    kTarget,
    kMaybeInto,  // INSERT, MERGE: a target comes after INTO
  };

  // What is passed over, since an object is being defined.
  enum class Definition : uint8_t { kNone, kStatement, kBody };

  void OnWord(std::string_view word, bool open);
  void OnOther(char c);
  void OnOpen(bool may_begin);
  void EndStatement();
  void OnClose();
  bool OnStatement(std::string_view word);
  void OnObject(std::string_view word, bool open);
  bool OnTarget(std::string_view word) const;
  void OnClause(std::string_view word);
  void OnSelect(std::string_view word);
  bool TakesFrom() const;
  void BeginTarget(std::string_view word, bool open);
  void EndTarget();
  void Append(std::string_view word);

  // One level of parentheses.
  struct Level {
    bool query = false;  // FROM names tables here
    bool list = false;   // a comma leads to the next table
  };

  std::string summary_;
  std::string target_;         // the name that is being put together: schema.table
  std::string_view verb_;      // of the present statement, in capitals
  std::string_view lead_;      // WITH or EXPLAIN: the statement proper follows
  std::vector<Level> levels_;  // never empty after Clear()
  size_t too_deep_ = 0;        // levels beyond the limit
  Expect expect_ = Expect::kStatement;
  bool dotted_ = false;   // target_ ends with a dot, or a dot was just seen
  bool partial_ = false;  // part of target_ is cut off
  Definition definition_ = Definition::kNone;
  bool after_set_ = false;       // UNION and the like: the next SELECT goes on
  bool after_distinct_ = false;  // IS DISTINCT FROM
  bool may_begin_ = false;       // the statement proper may come next
  bool full_ = false;
};

}  // namespace spanwire::protocol::sql
