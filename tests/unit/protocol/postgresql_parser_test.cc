// SPDX-License-Identifier: Apache-2.0
// Sessions of PostgreSQL, whole and in every split.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/protocol/postgresql/postgresql.h"
#include "tests/support/postgresql_messages.h"
#include "tests/unit/protocol/parser_splits.h"

namespace spanwire::protocol::postgresql {
namespace {

using namespace wire;  // NOLINT(google-build-using-namespace): the messages' names
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// The lines without their offsets.
Lines Bare(const Lines& lines) {
  Lines bare;
  for (const std::string& line : lines) {
    bare.push_back(line.find("..") < line.find(' ') ? line.substr(line.find(' ') + 1) : line);
  }
  return bare;
}

struct Result {
  Lines requests;
  Lines responses;
};

Result Play(const std::vector<Wire>& steps) {
  const Outcome outcome = RunEverySplit(kSpec, steps);
  for (const Lines& lines : {outcome.requests, outcome.responses}) {
    for (const std::string& line : lines) EXPECT_THAT(line, Not(HasSubstr("hunter2")));
  }
  return {Bare(outcome.requests), Bare(outcome.responses)};
}

std::string Said(std::string_view summary, std::string_view text) {
  return std::string(summary) + " db.query.summary=" + std::string(summary) +
         " text=" + std::string(text);
}
constexpr std::string_view kOneRow = "response db.response.returned_rows=1";

TEST(PostgresqlSession, StartupGivesTheDatabase) {
  const Result result = Play(
      {Req(Startup("bob", "shop")), Resp(Message('R', Int32(5) + "salt")), Req(Password("hunter2")),
       Resp(AuthenticationOk() + Parameter("standard_conforming_strings", "on") +
            Message('K', Int32(1) + Int32(2)) + Ready()),
       Req(Query("SELECT 'a\\', 1 FROM t")),
       Resp(RowDescription() + Row() + Complete("SELECT 1") + Ready()), Req(Terminate())});
  EXPECT_THAT(result.requests,
              ElementsAre("CONNECT shop db=shop op=CONNECT",
                          "SELECT t db=shop db.query.summary=SELECT t text=SELECT ?, ? FROM t"));
  EXPECT_THAT(result.responses, ElementsAre("response", kOneRow));
}

TEST(PostgresqlSession, DatabaseIsTheUsersNameByDefault) {
  const Result result = Play({Req(Startup("bob", "", 2)), Resp(Message('v', Int32(0) + Int32(0)) +
                                                               AuthenticationOk() + Ready())});
  EXPECT_THAT(result.requests, ElementsAre("CONNECT bob db=bob op=CONNECT"));
  EXPECT_THAT(result.responses, ElementsAre("response"));
}

TEST(PostgresqlSession, RefusedStartupIsAnError) {
  const Result result =
      Play({Req(Startup("bob", "shop")), Resp(Error("3D000", "FATAL")), End(Flow::kResponses)});
  EXPECT_THAT(result.responses, ElementsAre("response code=3D000 client server type=3D000"));
}

TEST(PostgresqlSession, EncryptionIsAskedFor) {
  EXPECT_THAT(Play({Req(SslRequest()), Resp("S"), Req("\x16\x03\x01")}).responses,
              ElementsAre("opaque"));
  EXPECT_THAT(Play({Req(GssRequest()), Resp("G")}).responses, ElementsAre("opaque"));
  const Result result = Play({Req(GssRequest()), Resp("N"), Req(SslRequest()), Resp("N"),
                              Req(Startup("bob", "")), Resp(AuthenticationOk() + Ready())});
  EXPECT_THAT(result.requests, ElementsAre("CONNECT bob db=bob op=CONNECT"));
  EXPECT_THAT(result.responses, ElementsAre("response"));
}

TEST(PostgresqlSession, CancelRequestIsNoRequest) {
  const Result result = Play({Req(CancelRequest()), End(Flow::kResponses)});
  EXPECT_THAT(result.requests, IsEmpty());
}

TEST(PostgresqlQuery, SeveralStatementsAreOneRequest) {
  const Result result = Play({Req(Query("BEGIN; INSERT INTO t VALUES (1), (2); SELECT 1; COMMIT")),
                              Resp(Complete("BEGIN") + Complete("INSERT 0 2") + RowDescription() +
                                   Row() + Complete("SELECT 1") + Complete("COMMIT") + Ready())});
  EXPECT_THAT(result.requests,
              ElementsAre(Said("BEGIN INSERT t SELECT COMMIT",
                               "BEGIN; INSERT INTO t VALUES (?), (?); SELECT ?; COMMIT")));
  EXPECT_THAT(result.responses,
              ElementsAre("response db.response.returned_rows=1 spanwire.db.affected_rows=2"));
}

TEST(PostgresqlQuery, RowsAreCounted) {
  const auto answer = [](std::string_view sql, const std::string& response) {
    return Play({Req(Query(sql)), Resp(response + Ready())}).responses;
  };
  EXPECT_THAT(answer("SELECT", RowDescription() + Complete("SELECT 0")),
              ElementsAre("response db.response.returned_rows=0"));
  EXPECT_THAT(answer("UPDATE t", Complete("UPDATE 3")),
              ElementsAre("response spanwire.db.affected_rows=3"));
  EXPECT_THAT(answer("DELETE", RowDescription() + Row() + Row() + Complete("DELETE 2")),
              ElementsAre("response db.response.returned_rows=2 spanwire.db.affected_rows=2"));
  EXPECT_THAT(answer("CREATE TABLE t AS SELECT 1", Complete("SELECT 5")),
              ElementsAre("response spanwire.db.affected_rows=5"));
  EXPECT_THAT(answer("SHOW x", RowDescription() + Row() + Complete("SHOW")), ElementsAre(kOneRow));
  EXPECT_THAT(answer("CREATE TABLE t ()", Complete("CREATE TABLE")), ElementsAre("response"));
  EXPECT_THAT(answer("", EmptyQuery()), ElementsAre("response"));
}

TEST(PostgresqlQuery, ErrorsHaveASqlState) {
  const Result result = Play(
      {Req(Query("SELECT 1/0")), Resp(RowDescription() + Error("22012") + Ready()),
       Req(Query("SELECT 1")),
       Resp(Notice("01000") + RowDescription() + Notice("01004") + Row() + Complete("SELECT 1") +
            Ready()),
       Req(Query("SELECT pg_sleep(9)")), Resp(Error("57P01", "FATAL")), End(Flow::kResponses)});
  EXPECT_THAT(result.responses, ElementsAre("response code=22012 client server type=22012",
                                            "response db.response.returned_rows=1 code=01004",
                                            "response code=57P01 client server type=57P01"));
}

TEST(PostgresqlQuery, WhatNobodyAskedForBelongsToNoOne) {
  const Result result =
      Play({Req(Query("LISTEN c")), Resp(Complete("LISTEN") + Ready()), Resp(Notification()),
            Resp(Parameter("TimeZone", "UTC") + Notice("00000")), Req(Query("SELECT 1")),
            Resp(Notification() + RowDescription() + Notification() + Row() + Complete("SELECT 1") +
                 Ready() + Notification()),
            Resp(Error("57P01", "FATAL"))});
  EXPECT_THAT(result.requests, ElementsAre(Said("LISTEN", "LISTEN c"), Said("SELECT", "SELECT ?")));
  EXPECT_THAT(result.responses, ElementsAre("response", kOneRow));
}

TEST(PostgresqlExtended, OneStatement) {
  const Result result = Play({Req(Parse("", "SELECT a FROM t WHERE b = $1") + Bind("", "") +
                                  Describe('P', "") + Execute() + Sync()),
                              Resp(ParseComplete() + BindComplete() + RowDescription() + Row() +
                                   Complete("SELECT 1") + Ready())});
  EXPECT_THAT(result.requests, ElementsAre(Said("SELECT t", "SELECT a FROM t WHERE b = $1")));
  EXPECT_THAT(result.responses, ElementsAre(kOneRow));
}

TEST(PostgresqlExtended, PreparedOnceAndRunTwice) {
  const Result result =
      Play({Req(Parse("s1", "UPDATE t SET a = $1, b = 'x'") + Describe('S', "s1") + Sync()),
            Resp(ParseComplete() + Parameters() + NoData() + Ready()),
            Req(Bind("", "s1") + Execute() + Sync()),
            Resp(BindComplete() + Complete("UPDATE 1") + Ready()),
            Req(Close('S', "s1") + Bind("", "s1") + Execute() + Sync()),
            Resp(CloseComplete() + Error("26000") + Ready())});
  EXPECT_THAT(result.requests, ElementsAre(Said("PREPARE UPDATE t", "UPDATE t SET a = $1, b = ?"),
                                           Said("UPDATE t", "UPDATE t SET a = $1, b = ?"),
                                           " spanwire.db.statement_unseen=1"));
  EXPECT_THAT(result.responses, ElementsAre("response", "response spanwire.db.affected_rows=1",
                                            "response code=26000 client server type=26000"));
}

TEST(PostgresqlExtended, PreparedBeforeAnybodyLooked) {
  const Result result = Play({Req(Bind("", "s7") + Execute() + Sync()),
                              Resp(BindComplete() + Row() + Complete("SELECT 1") + Ready())});
  EXPECT_THAT(result.requests, ElementsAre(" spanwire.db.statement_unseen=1"));
  EXPECT_THAT(result.responses, ElementsAre("response op=SELECT db.response.returned_rows=1"));
}

TEST(PostgresqlExtended, SeveralStatementsBeforeASync) {
  const Result result =
      Play({Req(Parse("", "BEGIN") + Bind("", "") + Execute() + Parse("", "SELECT 1 FROM t") +
                Bind("", "") + Describe('P', "") + Execute() + Bind("", "") + Execute() + Sync()),
            Resp(ParseComplete() + BindComplete() + Complete("BEGIN") + ParseComplete() +
                 BindComplete() + RowDescription() + Row() + Complete("SELECT 1") + BindComplete() +
                 Complete("SELECT 0") + Ready())});
  EXPECT_THAT(result.requests,
              ElementsAre(Said("BEGIN", "BEGIN"), Said("SELECT t", "SELECT ? FROM t"),
                          Said("SELECT t", "SELECT ? FROM t")));
  EXPECT_THAT(result.responses,
              ElementsAre("response", kOneRow, "response db.response.returned_rows=0"));
}

TEST(PostgresqlExtended, PipelineOfManySyncs) {
  std::vector<Wire> steps;
  std::string requests;
  std::string responses;
  for (int i = 0; i < 20; ++i) {
    requests += Parse("", "SELECT 1 FROM t" + std::to_string(i)) + Bind("", "") + Execute();
    responses += ParseComplete() + BindComplete() + Row() + Complete("SELECT 1");
    if (i % 3 == 0) {
      requests += Sync();
      responses += Ready();
    }
  }
  const Outcome outcome = RunWhole(kSpec, {Req(requests), Resp(responses)});
  ASSERT_EQ(outcome.requests.size(), 20u);
  EXPECT_THAT(outcome.requests[19], HasSubstr("SELECT t19"));
  ASSERT_EQ(outcome.responses.size(), 20u);
}

TEST(PostgresqlExtended, AfterAnErrorAllIsPassedOverUpToTheSync) {
  const Result result = Play(
      {Req(Parse("", "SELECT 1") + Bind("", "") + Execute() + Parse("", "SELECT x") + Bind("", "") +
           Execute() + Parse("", "SELECT 3") + Bind("", "") + Execute() + Parse("s", "SELECT 4") +
           Sync() + Parse("", "SELECT 5") + Bind("", "") + Execute() + Sync()),
       Resp(ParseComplete() + BindComplete() + Row() + Complete("SELECT 1") + Error("42703") +
            Ready() + ParseComplete() + BindComplete() + Row() + Complete("SELECT 1") + Ready())});
  EXPECT_EQ(result.requests.size(), 5u);
  EXPECT_THAT(result.responses,
              ElementsAre(kOneRow, "response code=42703 client server type=42703",
                          "response client server type=pipeline_aborted",
                          "response client server type=pipeline_aborted", kOneRow));
}

TEST(PostgresqlExtended, CommitMayFailAtTheSync) {
  const Result result =
      Play({Req(Parse("", "INSERT INTO t VALUES ($1)") + Bind("", "") + Execute() + Sync()),
            Resp(ParseComplete() + BindComplete() + Complete("INSERT 0 1")),
            Resp(Error("23503") + Ready())});
  EXPECT_THAT(result.responses,
              ElementsAre("response spanwire.db.affected_rows=1 code=23503 client server "
                          "type=23503"));
}

TEST(PostgresqlExtended, FlushShowsAnswersEarly) {
  const Result result =
      Play({Req(Parse("s", "SELECT 1") + Describe('S', "s") + Flush()),
            Resp(ParseComplete() + Parameters() + RowDescription()),
            Req(Bind("", "s") + Execute() + Flush()),
            Resp(BindComplete() + Row() + Complete("SELECT 1")), Req(Sync()), Resp(Ready()),
            Req(Describe('S', "s") + Sync()), Resp(Parameters() + RowDescription() + Ready())});
  EXPECT_THAT(result.requests,
              ElementsAre(Said("PREPARE SELECT", "SELECT ?"), Said("SELECT", "SELECT ?"),
                          Said("DESCRIBE SELECT", "SELECT ?")));
  EXPECT_THAT(result.responses, ElementsAre("response", kOneRow, "response"));
}

TEST(PostgresqlExtended, PortalInParts) {
  const Result result =
      Play({Req(Parse("s", "SELECT a FROM t") + Bind("c", "s") + Execute("c", 2) + Sync()),
            Resp(ParseComplete() + BindComplete() + Row() + Row() + Suspended() + Ready('T')),
            Req(Execute("c", 2) + Sync()), Resp(Row() + Complete("SELECT 1") + Ready('T')),
            Req(Close('P', "c") + Sync()), Resp(CloseComplete() + Ready('T'))});
  EXPECT_THAT(result.requests, ElementsAre(Said("SELECT t", "SELECT a FROM t"),
                                           Said("SELECT t", "SELECT a FROM t")));
  EXPECT_THAT(result.responses, ElementsAre("response db.response.returned_rows=2", kOneRow));
}

TEST(PostgresqlExtended, FunctionCall) {
  const Result result = Play({Req(Message('F', Int32(1) + Int16(0) + Int16(0) + Int16(0))),
                              Resp(Message('V', Int32(1) + "x") + Ready())});
  EXPECT_THAT(result.requests, ElementsAre("FUNCTION CALL op=FUNCTION CALL"));
  EXPECT_THAT(result.responses, ElementsAre("response"));
}

TEST(PostgresqlCopy, IntoATable) {
  const Result result = Play({Req(Query("COPY t FROM STDIN")), Resp(CopyIn()),
                              Req(CopyData("hunter2\n") + CopyData("23\n") + CopyDone()),
                              Resp(Complete("COPY 2") + Ready()), Req(Query("SELECT 1")),
                              Resp(RowDescription() + Row() + Complete("SELECT 1") + Ready())});
  EXPECT_THAT(result.requests,
              ElementsAre(Said("COPY t", "COPY t FROM STDIN"), Said("SELECT", "SELECT ?")));
  EXPECT_THAT(
      result.responses,
      ElementsAre("response spanwire.db.affected_rows=2 spanwire.db.copied_bytes=11", kOneRow));
}

TEST(PostgresqlCopy, IntoATableWithTheExtendedProtocol) {
  const std::string copy = Parse("", "COPY t FROM STDIN") + Bind("", "") + Execute() + Sync();
  const std::string data = CopyData("1\n") + CopyDone() + Sync();
  const std::string begin = ParseComplete() + BindComplete() + CopyIn();
  const std::string end = Complete("COPY 1") + Ready();
  const std::string next = Query("SELECT 1");
  const std::string row = RowDescription() + Row() + Complete("SELECT 1") + Ready();
  const auto answers =
      ElementsAre("response spanwire.db.affected_rows=1 spanwire.db.copied_bytes=2", kOneRow);
  EXPECT_THAT(Play({Req(copy), Resp(begin), Req(data), Resp(end), Req(next), Resp(row)}).responses,
              answers);
  EXPECT_THAT(Play({Req(copy + data), Resp(begin + end), Req(next), Resp(row)}).responses, answers);
}

TEST(PostgresqlCopy, Fails) {
  const Result result =
      Play({Req(Query("COPY t FROM STDIN")), Resp(CopyIn()), Req(CopyData("x\n")),
            Resp(Error("22P02") + Ready()), Req(CopyData("y\n") + CopyDone() + Query("SELECT 1")),
            Resp(RowDescription() + Row() + Complete("SELECT 1") + Ready())});
  EXPECT_THAT(result.responses,
              ElementsAre("response spanwire.db.copied_bytes=2 code=22P02 client server type=22P02",
                          kOneRow));
}

TEST(PostgresqlCopy, OutOfATable) {
  const Result result = Play(
      {Req(Query("COPY t TO STDOUT")), Resp(CopyOut() + CopyData("hunter2\n") + CopyData("1\n") +
                                            CopyDone() + Complete("COPY 2") + Ready())});
  EXPECT_THAT(result.responses,
              ElementsAre("response spanwire.db.affected_rows=2 spanwire.db.copied_bytes=10"));
}

TEST(PostgresqlCopy, ReplicationIsNotRead) {
  const Result result = Play({Req(Query("START_REPLICATION SLOT s LOGICAL 0/0")), Resp(CopyBoth()),
                              Resp(CopyData("w")), Req(CopyData("r"))});
  EXPECT_THAT(result.responses, ElementsAre("response spanwire.db.copied_bytes=0"));
  EXPECT_EQ(result.requests.back(), "opaque");
}

TEST(PostgresqlText, AsTheUserWantsIt) {
  const auto text = [](QueryText choice) {
    ParserConnection connection(kSpec, {.query_text = choice});
    connection.Feed(Req(Query("SELECT 'x' FROM t")));
    return Bare(connection.LinesOf(Flow::kRequests));
  };
  EXPECT_THAT(text(QueryText::kRaw), ElementsAre(Said("SELECT t", "SELECT 'x' FROM t")));
  EXPECT_THAT(text(QueryText::kOff), ElementsAre("SELECT t db.query.summary=SELECT t"));
}

TEST(PostgresqlText, CommentsCarryTheCallersContext) {
  ParserConnection connection(kSpec);
  connection.Feed(
      Req(Query("SELECT 1 /*traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-"
                "00f067aa0ba902b7-01'*/")));
  EXPECT_TRUE(connection.last_head().context.valid);
}

}  // namespace
}  // namespace spanwire::protocol::postgresql
