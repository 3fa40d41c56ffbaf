// SPDX-License-Identifier: Apache-2.0
// Statements as they leave: normalised, summarised, without literals.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "agent/protocol/sql/statement.h"

namespace spanwire::protocol::sql {
namespace {

Statement ReadWith(std::string_view text, const Reading& reading) {
  StatementReader reader;
  Statement statement;
  reader.Read(text, reading, statement);
  return statement;
}

std::string Text(std::string_view text, Escapes escapes = Escapes::kUnknown) {
  return ReadWith(text, {.text = QueryText::kNormalized, .escapes = escapes}).text;
}
std::string Summary(std::string_view text) { return ReadWith(text, {}).summary; }
std::string Raw(std::string_view text) { return ReadWith(text, {.text = QueryText::kRaw}).text; }

struct Case {
  std::string_view sql;
  std::string_view expected;
};

TEST(SqlText, LiteralsBecomeQuestionMarks) {
  const std::vector<Case> cases = {
      {"SELECT 12, -12, +12", "SELECT ?, ?, ?"},
      {"SELECT 12.34, .01, -.01, 1e10, 12.34e-56", "SELECT ?, ?, ?, ?, ?"},
      {"SELECT 99+100", "SELECT ?+?"},
      {"SELECT a - 1, a-1, a -1", "SELECT a - ?, a-?, a ?"},
      {"SELECT 0xDEADBEEF, 1_000", "SELECT ?, ?"},
      {"SELECT 'hello'", "SELECT ?"},
      {"SELECT 'My name''s not important'", "SELECT ?"},
      {"SELECT 'two\nlines', B'01', x'ff', N'n', E'it\\'s', U&'\\0041'", "SELECT ?, ?, ?, ?, ?, ?"},
      {"SELECT $$it's$$, $a$ $b$ $a$, $1, $23", "SELECT ?, ?, $1, $23"},
      {"SELECT c3po, r2d2 FROM covid19 WHERE n1h1=1234",
       "SELECT c3po, r2d2 FROM covid19 WHERE n1h1=?"},
      {"SELECT DATE '2026-01-01', interval '1 day', x::text", "SELECT DATE ?, interval ?, x::text"},
      {"SELECT \"a \"\"b\"\" 'c'\" FROM t", "SELECT \"a \"\"b\"\" 'c'\" FROM t"},
      {"SELECT a[1:2], b->>'key', c->0", "SELECT a[?:?], b->>?, c->?"},
      {"CALL f(TRUE, NULL, 5)", "CALL f(TRUE, NULL, ?)"},
  };
  for (const Case& c : cases) EXPECT_EQ(Text(c.sql), c.expected) << c.sql;
}

TEST(SqlText, ListsOfLiteralsBecomeOne) {
  const std::vector<Case> cases = {
      {"SELECT * FROM t WHERE v IN (123, 456, 'abc')", "SELECT * FROM t WHERE v IN (?)"},
      {"SELECT * FROM t WHERE v IN (-123, .456, 'abc', 1e10)", "SELECT * FROM t WHERE v IN (?)"},
      {"WHERE v in($1,$2,$3) AND w IN ( 1 , 2 )", "WHERE v in($1) AND w IN ( ? )"},
      {"WHERE v IN (1, x, 2, 3)", "WHERE v IN (?, x, ?)"},
      {"WHERE v IN (SELECT 1, 2)", "WHERE v IN (SELECT ?, ?)"},
      {"WHERE v IN (f(1, 2), 3)", "WHERE v IN (f(?, ?), ?)"},
      {"VALUES (1, 2), (3, 4)", "VALUES (?, ?), (?, ?)"},
  };
  for (const Case& c : cases) EXPECT_EQ(Text(c.sql), c.expected) << c.sql;
}

TEST(SqlText, CommentsAndBlanksGo) {
  const std::vector<Case> cases = {
      {"SELECT a -- secret\nFROM /* block \n comment */ t", "SELECT a FROM t"},
      {"  SELECT/**/1\t;\r\n", "SELECT ? ;"},
      {"SELECT 1 /* a /* nested */ 'still' */ + 2", "SELECT ? + ?"},
      {"/* open 'comment", ""},
      {"SELECT a--b", "SELECT a"},
      {"", ""},
  };
  for (const Case& c : cases) EXPECT_EQ(Text(c.sql), c.expected) << c.sql;
}

TEST(SqlText, BackslashesAsTheServerTakesThem) {
  constexpr std::string_view kSql = R"(SELECT 'a\', 'zb', c)";
  EXPECT_EQ(Text(kSql, Escapes::kStandard), "SELECT ?, ?, c");
  EXPECT_EQ(Text(kSql, Escapes::kBackslash), "SELECT ?zb?");
  EXPECT_EQ(Text(kSql, Escapes::kUnknown), "SELECT ?");
  EXPECT_EQ(Text(R"(SELECT 'a\b', c)", Escapes::kUnknown), "SELECT ?, c");
}

TEST(SqlText, NoHalfLiteralLeaves) {
  constexpr std::string_view kSql =
      "SELECT 'sesame''', E'se\\'same', $x$sesame$x$, $$sesame$$, U&'sesame', 5e5 FROM t";
  for (size_t size = 0; size <= kSql.size(); ++size) {
    const Reading reading = {.text = QueryText::kNormalized, .truncated = true};
    const Statement statement = ReadWith(kSql.substr(0, size), reading);
    EXPECT_EQ(statement.text.find("se"), std::string::npos) << size;
    EXPECT_EQ(statement.text.find_first_of("5x"), std::string::npos) << size;
    EXPECT_EQ(statement.summary.find("same"), std::string::npos) << size;
  }
}

TEST(SqlText, IsBounded) {
  std::string sql = "SELECT ";
  for (int i = 0; i < 10'000; ++i) sql += "column_" + std::to_string(i) + ", ";
  const std::string text = Text(sql);
  EXPECT_LE(text.size(), kMaxTextBytes);
  EXPECT_GT(text.size(), kMaxTextBytes - 20);
  EXPECT_EQ(ReadWith(std::string(2 * kMaxReadBytes, 'x'), {}).summary, "");
  EXPECT_EQ(Text(std::string(100'000, '(')).size(), kMaxTextBytes);
}

TEST(SqlText, RawStaysUnlessItSpeaksOfSecrets) {
  EXPECT_EQ(Raw("SELECT 'x' /* c */ , 5"), "SELECT 'x' /* c */ , 5");
  const std::vector<Case> cases = {
      {"ALTER ROLE bob PASSWORD 'hunter2'", "ALTER ROLE bob PASSWORD ?"},
      {"create user bob with encrypted password E'hunter2'",
       "create user bob with encrypted password ?"},
      {"INSERT INTO users (name, password) VALUES ('bob', 'hunter2')",
       "INSERT INTO users (name, password) VALUES (?, ?)"},
      {"SELECT dblink('host=a password=hunter2')", "SELECT dblink(?)"},
      {"DO $$ BEGIN ALTER ROLE bob PASSWORD 'hunter2'; END $$", "DO ?"},
      {"SELECT set_config('app.api_key', 'hunter2', false)", "SELECT set_config(?, ?, false)"},
      {"ALTER ROLE bob PASSWORD 'hun", "ALTER ROLE bob PASSWORD ?"},
  };
  for (const Case& c : cases) EXPECT_EQ(Raw(c.sql), c.expected) << c.sql;
  EXPECT_EQ(ReadWith("SELECT 1 FROM t", {.text = QueryText::kOff}).text, "");
  EXPECT_EQ(ReadWith("SELECT 1 FROM t", {.text = QueryText::kOff}).summary, "SELECT t");
}

// OpenTelemetry's own examples first.
TEST(SqlSummary, OperationsAndTargets) {
  const std::vector<Case> cases = {
      {"SELECT 12", "SELECT"},
      {"SELECT c3po FROM covid19 WHERE n1h1=1234", "SELECT covid19"},
      {"SELECT a FROM dbo.Table JOIN dbo.AnotherTable", "SELECT dbo.Table dbo.AnotherTable"},
      {"INSERT INTO X VALUES(1, 23456)", "INSERT X"},
      {"SELECT * FROM table WHERE value IN (1)", "SELECT table"},
      {"INSERT INTO shipping_details\n(order_id,\naddress)\nSELECT order_id FROM   orders",
       "INSERT shipping_details SELECT orders"},
      {"SELECT order_date\nFROM   (SELECT *\nFROM   orders o\nJOIN customers c\nON o.a = c.a)",
       "SELECT SELECT orders customers"},
      {"SELEcT a FROM   (sELECT * FROM ORders o)", "SELEcT sELECT ORders"},
      {"SELECT * FROM Orders o, OrderDetails od", "SELECT Orders OrderDetails"},
      {"CREATE  TABLE MyTable (ID NOT NULL IDENTITY(1,1) PRIMARY KEY)", "CREATE TABLE MyTable"},
      {"CREATE TABLE Table (Name VARCHAR(255))", "CREATE TABLE Table"},
      {"ALTER  TABLE MyTable ADD Name varchar(255)", "ALTER TABLE MyTable"},
      {"DROP  TABLE MyTable", "DROP TABLE MyTable"},
      {"CREATE UNIQUE CLUSTERED INDEX IX_Email ON Employees (Email);", "CREATE INDEX IX_Email"},
      {"CREATE TABLE IF NOT EXISTS Users (Id INT PRIMARY KEY)", "CREATE TABLE Users"},
      {"CREATE VIEW ActiveUsers AS SELECT * FROM Users WHERE IsActive = 1;",
       "CREATE VIEW ActiveUsers"},
      {"CREATE TRIGGER trg ON Orders AFTER UPDATE AS BEGIN UPDATE Orders SET a = b; END;",
       "CREATE TRIGGER trg"},
      {"DROP PROCEDURE IF EXISTS RemoveEmployee;", "DROP PROCEDURE RemoveEmployee"},
      {"SELECT DISTINCT o.Id FROM Orders o JOIN Customers c ON o.CustomerId = c.Id",
       "SELECT Orders Customers"},
      {"SELECT Id FROM Customers UNION SELECT Id FROM Suppliers ORDER BY Name, x;",
       "SELECT Customers Suppliers"},
      {"CREATE FUNCTION dbo.GetTotal(@a INT) RETURNS INT AS BEGIN RETURN @a; END;",
       "CREATE FUNCTION dbo.GetTotal"},
      {"CREATE USER johndoe WITH PASSWORD = 'password';", "CREATE USER johndoe"},
      {"EXEC GetEmployeeById @EmployeeId = 42;", "EXEC GetEmployeeById"},
      {"SELECT TOP (10) * FROM Employees", "SELECT Employees"},
  };
  for (const Case& c : cases) EXPECT_EQ(Summary(c.sql), c.expected) << c.sql;
}

TEST(SqlSummary, PostgreSql) {
  const std::vector<Case> cases = {
      {"UPDATE ONLY a.t SET x = (SELECT 1 FROM u) FROM v, w", "UPDATE a.t SELECT u v w"},
      {"DELETE FROM t USING u WHERE t.a = u.a RETURNING *", "DELETE t u"},
      {"MERGE INTO t USING (SELECT * FROM u) AS s ON true WHEN MATCHED THEN DELETE",
       "MERGE t SELECT u"},
      {"INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1", "INSERT t"},
      {"WITH c(a) AS (SELECT count(x) FROM t), d AS MATERIALIZED (DELETE FROM u RETURNING *) "
       "INSERT INTO v SELECT * FROM c",
       "SELECT t DELETE u INSERT v SELECT c"},
      {"SELECT EXTRACT(year FROM d), a IS DISTINCT FROM b FROM t FOR UPDATE", "SELECT t"},
      {"SELECT * FROM generate_series(1, 5) g, LATERAL (SELECT 1 FROM t) x",
       "SELECT generate_series SELECT t"},
      {"SELECT * FROM \"My Table\" JOIN s.\"T\" ON true", "SELECT \"My Table\" s.\"T\""},
      {"SELECT * FROM a LEFT JOIN (b JOIN c ON true) ON true", "SELECT a b c"},
      {"(SELECT 1 FROM a) UNION ALL (SELECT 2 FROM b)", "SELECT a b"},
      {"COPY t (a, b) FROM STDIN", "COPY t"},
      {"COPY (SELECT * FROM t) TO STDOUT", "COPY SELECT t"},
      {"EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM t", "EXPLAIN SELECT t"},
      {"EXPLAIN ANALYZE UPDATE t SET a = 1", "EXPLAIN UPDATE t"},
      {"PREPARE p (int) AS INSERT INTO t VALUES ($1)", "PREPARE INSERT t"},
      {"DECLARE c CURSOR FOR SELECT * FROM t", "DECLARE SELECT t"},
      {"FETCH FORWARD 100 FROM c", "FETCH"},
      {"BEGIN; SELECT 1 FROM t; COMMIT", "BEGIN SELECT t COMMIT"},
      {"SAVEPOINT s17", "SAVEPOINT"},
      {"TRUNCATE TABLE ONLY t", "TRUNCATE t"},
      {"LOCK TABLE t IN SHARE MODE", "LOCK t"},
      {"VACUUM FULL t", "VACUUM t"},
      {"REFRESH MATERIALIZED VIEW CONCURRENTLY v", "REFRESH v"},
      {"SET LOCAL statement_timeout = 5", "SET statement_timeout"},
      {"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET TRANSACTION"},
      {"CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 FROM t $$",
       "CREATE FUNCTION f"},
      {"CREATE TABLE t AS SELECT * FROM u; DROP INDEX CONCURRENTLY i",
       "CREATE TABLE t DROP INDEX i"},
      {"CREATE INDEX ON t (a)", "CREATE INDEX t"},
      {"LISTEN channel", "LISTEN"},
      {"TABLE t", "TABLE t"},
      {"/* c */ select 1 as \"from\" from t where a = 'FROM x'", "select t"},
      {";;", ""},
      {"VALUES (1)", "VALUES"},
  };
  for (const Case& c : cases) EXPECT_EQ(Summary(c.sql), c.expected) << c.sql;
}

TEST(SqlSummary, IsCutAtAWord) {
  EXPECT_EQ(Summary("SELECT * FROM " + std::string(250, 'a') + ", b"), "SELECT");
  EXPECT_EQ(Summary("SELECT * FROM " + std::string(240, 'a') + ", bcdefghijk"),
            "SELECT " + std::string(240, 'a'));
  const Reading cut = {.text = QueryText::kNormalized, .truncated = true};
  EXPECT_EQ(ReadWith("SELECT * FROM a, order_it", cut).summary, "SELECT a");
  EXPECT_EQ(ReadWith("SELECT * FROM a, \"order it", cut).summary, "SELECT a");
}

TEST(SqlComments, CarryATraceContext) {
  model::TraceContext context;
  ReadComments(
      "SELECT 1 /*action='a',traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-"
      "00f067aa0ba902b7-01'*/",
      context);
  EXPECT_TRUE(context.valid);
  EXPECT_EQ(context.flags, 1);
  ReadComments("SELECT 'traceparent=''00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'''",
               context);
  EXPECT_FALSE(context.valid);
}

}  // namespace
}  // namespace spanwire::protocol::sql
