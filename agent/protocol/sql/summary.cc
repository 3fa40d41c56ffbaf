// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/sql/summary.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "agent/protocol/sql/text.h"

namespace spanwire::protocol::sql {
namespace {

constexpr size_t kMaxSummary = 255;
constexpr size_t kMaxTarget = 255;
constexpr size_t kMaxLevels = 64;

using Words = std::span<const std::string_view>;

bool IsOneOf(std::string_view word, Words words) {
  return std::ranges::any_of(words, [&](std::string_view w) { return EqualsUpper(word, w); });
}

// Operations after which a name follows at once, but for the words of kBeforeTarget.
constexpr auto kTargeted = std::to_array<std::string_view>(
    {"UPDATE", "TRUNCATE", "COPY", "CALL", "EXEC", "EXECUTE", "LOCK", "VACUUM", "ANALYZE",
     "REINDEX", "CLUSTER", "REFRESH", "TABLE", "SET", "SHOW", "RESET"});
// Operations whose target follows INTO.
constexpr auto kInto = std::to_array<std::string_view>({"INSERT", "MERGE", "REPLACE"});
// Operations on an object of some kind.
constexpr auto kDefining = std::to_array<std::string_view>({"CREATE", "ALTER", "DROP"});
// Operations that another one follows.
constexpr auto kPrefixes = std::to_array<std::string_view>({"EXPLAIN", "PREPARE", "DECLARE"});
// What may stand between an operation and its target: in a query, in a definition, elsewhere.
constexpr auto kBeforeTable = std::to_array<std::string_view>({"ONLY", "LATERAL", "ROWS"});
constexpr auto kBeforeObject =
    std::to_array<std::string_view>({"IF", "NOT", "EXISTS", "CONCURRENTLY", "ONLY", "ON"});
constexpr auto kBeforeName = std::to_array<std::string_view>(
    {"TABLE", "ONLY", "CONCURRENTLY", "INDEX", "VIEW", "SCHEMA", "DATABASE", "MATERIALIZED", "FULL",
     "FREEZE", "VERBOSE", "ANALYZE", "LOCAL", "SESSION"});
// Behind these, and behind a parenthesis, the statement proper of WITH, EXPLAIN, … may begin.
constexpr auto kBeforeStatement =
    std::to_array<std::string_view>({"EXPLAIN", "ANALYZE", "VERBOSE", "AS", "MATERIALIZED"});
constexpr auto kWrites = std::to_array<std::string_view>({"INSERT", "UPDATE", "DELETE", "MERGE"});
constexpr auto kObjects = std::to_array<std::string_view>(
    {"TABLE",       "INDEX",    "VIEW",      "SEQUENCE",   "SCHEMA",       "DATABASE",
     "USER",        "ROLE",     "GROUP",     "FUNCTION",   "TRIGGER",      "PROCEDURE",
     "ROUTINE",     "TYPE",     "DOMAIN",    "EXTENSION",  "POLICY",       "RULE",
     "AGGREGATE",   "SERVER",   "COLLATION", "TABLESPACE", "SUBSCRIPTION", "STATISTICS",
     "PUBLICATION", "LANGUAGE", "CONVERSION"});
// Objects whose definition may hold statements, semicolons and all.
constexpr auto kBodies =
    std::to_array<std::string_view>({"FUNCTION", "PROCEDURE", "ROUTINE", "TRIGGER"});
constexpr auto kSetOperations =
    std::to_array<std::string_view>({"UNION", "INTERSECT", "EXCEPT", "MINUS"});
// Where a list of tables ends.
constexpr auto kAfterTables = std::to_array<std::string_view>(
    {"WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "OFFSET", "FETCH", "FOR", "SET",
     "RETURNING", "VALUES", "UNION", "INTERSECT", "EXCEPT", "MINUS"});

}  // namespace

void SummaryBuilder::Clear() {
  summary_.clear();
  target_.clear();
  verb_ = lead_ = {};
  levels_.assign(1, {});
  too_deep_ = 0;
  expect_ = Expect::kStatement;
  definition_ = Definition::kNone;
  dotted_ = partial_ = after_set_ = after_distinct_ = may_begin_ = full_ = false;
}

void SummaryBuilder::Add(const Token& token) {
  if (definition_ == Definition::kBody || full_) return;
  switch (token.kind) {
    case TokenKind::kSpace:
    case TokenKind::kComment: return;
    case TokenKind::kWord: OnWord(token.text, token.open); return;
    case TokenKind::kQuoted:
      if (dotted_ || expect_ == Expect::kTarget) BeginTarget(token.text, token.open);
      return;
    case TokenKind::kOther: OnOther(token.text.front()); return;
    default:
      EndTarget();
      if (expect_ != Expect::kStatement) expect_ = Expect::kNothing;
  }
}

std::string_view SummaryBuilder::Finish() {
  EndTarget();
  return summary_;
}

void SummaryBuilder::OnWord(std::string_view word, bool open) {
  if (dotted_) return BeginTarget(word, open);
  EndTarget();
  if (definition_ != Definition::kNone || full_) return;
  const bool may_begin = std::exchange(may_begin_, IsOneOf(word, kBeforeStatement));
  if (expect_ == Expect::kStatement && OnStatement(word)) return;
  if (expect_ == Expect::kObject) return OnObject(word, open);
  if (expect_ == Expect::kTarget && !OnTarget(word)) return BeginTarget(word, open);
  if (expect_ == Expect::kMaybeInto && EqualsUpper(word, "INTO")) {
    expect_ = Expect::kTarget;
    return;
  }
  if (may_begin && levels_.size() == 1 && !lead_.empty() && IsOneOf(word, kWrites)) {
    OnStatement(word);
    return;
  }
  OnClause(word);
}

// True when `word` was the operation that a statement begins with.
bool SummaryBuilder::OnStatement(std::string_view word) {
  if (EqualsUpper(word, "SELECT")) return false;
  if (EqualsUpper(word, "WITH")) {
    // Names and bodies of common table expressions follow; the bodies stand in parentheses.
    expect_ = Expect::kNothing;
    lead_ = "WITH";
    return true;
  }
  Append(word);
  verb_ = {};
  levels_.back().query = EqualsUpper(word, "DELETE") || EqualsUpper(word, "UPDATE");
  expect_ = Expect::kNothing;
  if (EqualsUpper(word, "DELETE")) verb_ = "DELETE";
  if (EqualsUpper(word, "MERGE")) verb_ = "MERGE";
  if (IsOneOf(word, kTargeted)) expect_ = Expect::kTarget;
  if (IsOneOf(word, kInto)) expect_ = Expect::kMaybeInto;
  if (IsOneOf(word, kDefining)) expect_ = Expect::kObject;
  if (levels_.size() == 1) lead_ = IsOneOf(word, kPrefixes) ? "EXPLAIN" : "";
  return true;
}

void SummaryBuilder::OnObject(std::string_view word, bool open) {
  if (open || !IsOneOf(word, kObjects)) return;
  Append(word);
  expect_ = Expect::kTarget;
  verb_ = IsOneOf(word, kBodies) ? "BODY" : "DEFINE";
}

// True when `word` stands before a target and is none.
bool SummaryBuilder::OnTarget(std::string_view word) const {
  if (EqualsUpper(word, "SELECT")) return true;
  if (levels_.back().query) return IsOneOf(word, kBeforeTable);
  return IsOneOf(word,
                 verb_ == "DEFINE" || verb_ == "BODY" ? Words(kBeforeObject) : Words(kBeforeName));
}

void SummaryBuilder::OnClause(std::string_view word) {
  if (EqualsUpper(word, "SELECT")) return OnSelect(word);
  if (expect_ == Expect::kTarget) return;
  if (EqualsUpper(word, "FROM")) {
    const bool names = TakesFrom();
    after_distinct_ = false;
    if (!names) return;
    expect_ = Expect::kTarget;
    levels_.back().list = true;
    return;
  }
  after_distinct_ = EqualsUpper(word, "DISTINCT");
  if (EqualsUpper(word, "JOIN") && levels_.back().query) expect_ = Expect::kTarget;
  if (EqualsUpper(word, "USING") && (verb_ == "DELETE" || verb_ == "MERGE")) {
    expect_ = Expect::kTarget;
  }
  if (IsOneOf(word, kAfterTables)) levels_.back().list = false;
  if (IsOneOf(word, kSetOperations)) after_set_ = true;
}

void SummaryBuilder::OnSelect(std::string_view word) {
  if (!after_set_) Append(word);
  after_set_ = after_distinct_ = false;
  levels_.back() = {.query = true, .list = false};
  expect_ = Expect::kNothing;
}

bool SummaryBuilder::TakesFrom() const { return levels_.back().query && !after_distinct_; }

void SummaryBuilder::OnOther(char c) {
  if (c == '.' && !target_.empty() && !dotted_) {
    dotted_ = true;
    if (target_.size() < kMaxTarget) target_ += c;
    return;
  }
  EndTarget();
  if (definition_ == Definition::kBody || (definition_ != Definition::kNone && c != ';')) return;
  const bool may_begin = std::exchange(may_begin_, c == ')');
  switch (c) {
    case '(': return OnOpen(may_begin);
    case ')': return OnClose();
    case ',':
      if (levels_.back().list) expect_ = Expect::kTarget;
      return;
    case ';': return EndStatement();
    case '*':
    case '[':
    case ']': return;
    default:
      if (expect_ == Expect::kTarget) expect_ = Expect::kNothing;
  }
}

void SummaryBuilder::EndStatement() {
  levels_.assign(1, {});
  too_deep_ = 0;
  verb_ = lead_ = {};
  definition_ = Definition::kNone;
  after_set_ = after_distinct_ = may_begin_ = false;
  expect_ = Expect::kStatement;
}

void SummaryBuilder::OnOpen(bool may_begin) {
  if (levels_.size() >= kMaxLevels) {
    ++too_deep_;
    return;
  }
  // "FROM (a JOIN b …": tables too.
  const bool tables = levels_.back().list && expect_ == Expect::kTarget;
  const bool statement = expect_ == Expect::kStatement || (lead_ == "WITH" && may_begin);
  levels_.push_back({.query = tables, .list = tables});
  if (!tables) expect_ = statement ? Expect::kStatement : Expect::kNothing;
}

void SummaryBuilder::OnClose() {
  if (too_deep_ > 0) {
    --too_deep_;
    return;
  }
  if (levels_.size() > 1) levels_.pop_back();
  expect_ = Expect::kNothing;
}

void SummaryBuilder::BeginTarget(std::string_view word, bool open) {
  if (!dotted_) target_.clear();
  partial_ = (dotted_ && partial_) || open || target_.size() + word.size() > kMaxTarget;
  if (!partial_) target_ += word;
  dotted_ = false;
  // An empty target_ tells that there is none.
  if (target_.empty()) target_ = "?";
}

void SummaryBuilder::EndTarget() {
  if (target_.empty()) return;
  if (!partial_ && !dotted_) Append(target_);
  target_.clear();
  dotted_ = partial_ = false;
  expect_ = Expect::kNothing;
  if (verb_ == "DEFINE") definition_ = Definition::kStatement;
  if (verb_ == "BODY") definition_ = Definition::kBody;
}

void SummaryBuilder::Append(std::string_view word) {
  if (word.empty() || full_) return;
  const size_t gap = summary_.empty() ? 0 : 1;
  full_ = summary_.size() + gap + word.size() > kMaxSummary;
  if (full_) return;
  if (gap > 0) summary_ += ' ';
  summary_ += word;
}

}  // namespace spanwire::protocol::sql
