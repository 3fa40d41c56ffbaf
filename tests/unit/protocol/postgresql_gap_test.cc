// SPDX-License-Identifier: Apache-2.0
// Bytes that were only counted, and bytes that were lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "agent/model/conventions.h"
#include "agent/protocol/postgresql/parser.h"
#include "agent/protocol/postgresql/postgresql.h"
#include "agent/protocol/postgresql/statements.h"
#include "agent/protocol/postgresql/work.h"
#include "tests/support/parser_connection.h"
#include "tests/support/postgresql_messages.h"

namespace spanwire::protocol::postgresql {
namespace {

using namespace wire;  // NOLINT(google-build-using-namespace): the messages' names
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Lines RequestsOf(const std::vector<Wire>& steps) { return RunWhole(kSpec, steps).requests; }
Lines ResponsesOf(const std::vector<Wire>& steps) { return RunWhole(kSpec, steps).responses; }

const std::string kOneRow = RowDescription() + Row() + Complete("SELECT 1") + Ready();

TEST(PostgresqlGap, LongTextIsReadAsFarAsItIsThere) {
  const std::string sql = Query("SELECT a FROM t WHERE b = '" + std::string(5000, 'x') + "'");
  const auto steps = [&](size_t captured) {
    return std::vector<Wire>{Req(sql.substr(0, captured), sql.size() - captured), Resp(kOneRow),
                             Req(Query("SELECT 2")), Resp(kOneRow)};
  };
  for (const size_t captured : {size_t{40}, size_t{1000}, sql.size()}) {
    const Lines requests = RequestsOf(steps(captured));
    ASSERT_EQ(requests.size(), 2u) << captured;
    EXPECT_THAT(requests[0], HasSubstr("text=SELECT a FROM t WHERE b = ?"));
    EXPECT_EQ(ResponsesOf(steps(captured)).size(), 2u);
  }
}

// The rest of an answer whose request was lost is not an answer to the next one.
TEST(PostgresqlGap, AnswerOfALostRequestIsGivenUp) {
  const std::string row = Row();
  const std::vector<Wire> steps = {Req(Query("COPY t FROM STDIN")),
                                   Resp(RowDescription() + row.substr(0, 4)),
                                   Req("", 100),
                                   Req(Query("SELECT 2")),
                                   Resp(row.substr(4) + Complete("SELECT 1") + Ready()),
                                   Resp(kOneRow)};
  ParserConnection connection(kSpec);
  for (const Wire& step : steps) connection.Feed(step);
  EXPECT_FALSE(connection.violated());
  EXPECT_TRUE(connection.lost());
  const Lines responses = connection.LinesOf(Flow::kResponses);
  ASSERT_GE(responses.size(), 2u);
  EXPECT_THAT(responses[1], StartsWith("lost request_lost"));
}

TEST(PostgresqlGap, ValuesNeedNotBeCaptured) {
  const std::string bind = Bind("", "", std::string(5000, 'x'));
  const std::string start = Parse("", "INSERT INTO t VALUES ($1)");
  // Execute and Sync were not captured either: the turn ends them.
  const std::vector<Wire> steps = {
      Req(start + bind.substr(0, 100), bind.size() - 100 + Execute().size() + Sync().size()),
      Resp(ParseComplete() + BindComplete() + Complete("INSERT 0 1") + Ready()),
      Req(Query("SELECT 2")), Resp(kOneRow)};
  EXPECT_THAT(RequestsOf(steps),
              ElementsAre(HasSubstr(" INSERT t "), HasSubstr(" SELECT db.query.summary")));
  EXPECT_THAT(ResponsesOf(steps),
              ElementsAre(HasSubstr("affected_rows=1"), HasSubstr("returned_rows=1")));
}

TEST(PostgresqlGap, LongAnswerEndsWithItsTurn) {
  const std::string rows = RowDescription() + Row() + Row();
  for (const size_t captured : {rows.size(), rows.size() - 3, size_t{4}}) {
    const std::vector<Wire> steps = {Req(Query("SELECT 1 FROM t")),
                                     Resp(rows.substr(0, captured), 100'000),
                                     Req(Query("SELECT 2")), Resp(kOneRow)};
    const std::string end = std::to_string(captured + 100'000);
    EXPECT_THAT(ResponsesOf(steps),
                ElementsAre("0.." + end + " response", HasSubstr("returned_rows=1")));
  }
}

TEST(PostgresqlGap, CopiedDataIsCounted) {
  const std::string copy = CopyData(std::string(1000, 'x'));
  const std::vector<Wire> steps = {Req(Query("COPY t FROM STDIN")),
                                   Resp(CopyIn()),
                                   Req(copy + copy.substr(0, 100), 1'000'000),
                                   Resp(Complete("COPY 7") + Ready()),
                                   Req(Query("SELECT 2")),
                                   Resp(kOneRow)};
  EXPECT_THAT(ResponsesOf(steps),
              ElementsAre(HasSubstr("affected_rows=7"), HasSubstr("returned_rows=1")));
}

TEST(PostgresqlGap, AnswersToSeveralRequestsAreLostTogether) {
  const std::string requests = Query("SELECT 1") + Query("SELECT 2");
  const std::vector<Wire> steps = {Req(requests), Resp(kOneRow.substr(0, 20), 1000),
                                   Req(Query("SELECT 3")), Resp(kOneRow)};
  const Lines responses = ResponsesOf(steps);
  EXPECT_THAT(responses, testing::Contains("lost frame_not_captured"));
}

TEST(PostgresqlGap, AnAnswerToSomethingElseIsNoAnswer) {
  EXPECT_THAT(ResponsesOf({Req(Query("SELECT 1")), Resp(Complete("INSERT 0 1") + Ready())}),
              testing::Contains("lost wrong_answer"));
  EXPECT_THAT(ResponsesOf({Req(Bind("", "s") + Execute() + Sync()), Resp(ParseComplete())}),
              ElementsAre("lost wrong_answer"));
  EXPECT_THAT(ResponsesOf({Req(Query("SELECT 1")), Resp(Ready())}),
              ElementsAre("lost wrong_answer"));
}

TEST(PostgresqlGap, AnswersThatNobodyAskedForAreTakenInSilence) {
  EXPECT_THAT(ResponsesOf({Resp(Row() + Complete("SELECT 1") + Ready()), Req(Query("SELECT 2")),
                           Resp(kOneRow)}),
              ElementsAre(HasSubstr("response")));
}

TEST(PostgresqlGap, OtherBytesEndIt) {
  EXPECT_THAT(RequestsOf({Req(Query("SELECT 1") + "GET / HTTP/1.1\r\n")}),
              ElementsAre(StartsWith("0.."), "invalid not_postgresql"));
  EXPECT_THAT(ResponsesOf({Req(SslRequest()), Resp("?")}), ElementsAre("invalid not_postgresql"));
}

TEST(PostgresqlGap, SqlOfAnEarlierConnectionIsForgottenInOrder) {
  NamedItems<Prepared> items(3, 10'000);
  for (const char* name : {"a", "b", "c"}) items.Put(name, {{"text", "summary"}});
  EXPECT_NE(items.Find("a"), nullptr);
  items.Put("d", {{"text", "summary"}});
  EXPECT_EQ(items.Find("b"), nullptr);
  EXPECT_NE(items.Find("a"), nullptr);
  EXPECT_EQ(items.size(), 3u);
  items.Put("e", {{std::string(9'000, 'x'), ""}});
  EXPECT_LE(items.bytes(), 10'000u);
  EXPECT_NE(items.Find("e"), nullptr);
  items.Put("f", {{std::string(20'000, 'x'), ""}});
  EXPECT_EQ(items.Find("f"), nullptr);
}

TEST(PostgresqlGap, WorkThatIsStillWaitedForIsKept) {
  WorkQueue queue;
  for (const WorkKind kind : {WorkKind::kUnit, WorkKind::kSync, WorkKind::kUnit, WorkKind::kUnit,
                              WorkKind::kSync, WorkKind::kSimple}) {
    queue.Push({.kind = kind});
  }
  queue.KeepNewest(2);
  ASSERT_EQ(queue.size(), 3u);
  EXPECT_EQ(queue.front().kind, WorkKind::kUnit);
  queue.KeepNewest(9);
  EXPECT_EQ(queue.size(), 3u);
  queue.KeepNewest(0);
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace spanwire::protocol::postgresql
