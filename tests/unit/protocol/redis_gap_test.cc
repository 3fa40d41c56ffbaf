// SPDX-License-Identifier: Apache-2.0
// Bytes that were only counted, and bytes that no server or client would send.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "agent/protocol/redis/value_scanner.h"
#include "tests/support/redis_wire.h"

namespace spanwire::protocol::redis {
namespace {

using testing::ElementsAre;

Outcome Feed(const std::vector<Wire>& steps) { return RunWhole(kSpec, steps); }

TEST(RedisGap, ContentsNeedNotBeCaptured) {
  const Outcome outcome =
      Feed({Req("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5000000\r\nab", 5'000'000), Resp("+OK\r\n"),
            Cmd({"GET", "k"}), Resp("$1000\r\nabc", 999), Cmd({"PING"}), Resp("+PONG\r\n")});
  EXPECT_THAT(outcome.requests, ElementsAre("0..5000032 SET op=SET text=SET ? ?",
                                            "5000032..5000052 GET op=GET text=GET ?",
                                            "5000052..5000066 PING op=PING text=PING"));
  EXPECT_THAT(outcome.responses, ElementsAre("0..5 response db=0", "5..1014 response db=0",
                                             "1014..1021 response db=0"));
}

TEST(RedisGap, TellsWhatContentFollows) {
  ParserConnection connection(kSpec);
  connection.Feed(Cmd({"GET", "k"}));
  connection.Feed(Resp("$5000\r\nabc"));
  EXPECT_EQ(connection.want_bytes(Flow::kResponses), 4999u);
  connection.Feed(Req("*2\r\n$3\r\nSET\r\n$9000\r\n" + std::string(2000, 'x')));
  EXPECT_EQ(connection.want_bytes(Flow::kRequests), 7002u);
}

TEST(RedisGap, LoneAnswerEndsWithItsTurn) {
  const Outcome outcome = Feed({Cmd({"MGET", "a", "b"}), Resp("*2\r\n$3\r\nfo", 700),
                                Cmd({"GET", "k"}), Resp("$1\r\na\r\n")});
  EXPECT_THAT(outcome.responses, ElementsAre("0..710 response db=0", "710..717 response db=0"));
}

TEST(RedisGap, LoneRequestEndsWithItsTurn) {
  const Outcome outcome = Feed({Req("*5\r\n$4\r\nMSET\r\n$1\r\na\r\n$3\r\nfo", 700),
                                Resp("+OK\r\n"), Cmd({"GET", "k"}), Resp("$1\r\na\r\n")});
  EXPECT_THAT(outcome.requests, ElementsAre("0..727 MSET op=MSET text=MSET ? ? ? ?",
                                            "727..747 GET op=GET text=GET ?"));
}

TEST(RedisGap, PipelinedAnswersAreLost) {
  const Outcome outcome = Feed({Req(List({"MGET", "a"}) + List({"GET", "a"})),
                                Resp("*2\r\n$3\r\nfo", 700), Cmd({"PING"}), Resp("+PONG\r\n")});
  EXPECT_THAT(outcome.responses,
              ElementsAre("0..? response db=0", "lost framing_not_captured", "710..717 response"));
}

TEST(RedisGap, HeadsAreNeeded) {
  EXPECT_THAT(Feed({Req("*2\r\n$3\r\nGE", 30)}).requests, ElementsAre("lost head_not_captured"));
  EXPECT_THAT(Feed({Req("GET ", 30)}).requests, ElementsAre("lost head_not_captured"));
  EXPECT_THAT(Feed({Cmd({"PING"}), Resp("", 30)}).responses, ElementsAre("lost head_not_captured"));
  EXPECT_THAT(Feed({Cmd({"PING"}), Resp("-ER", 30)}).responses,
              ElementsAre("lost head_not_captured"));
}

TEST(RedisGap, StateIsForgotten) {
  const Outcome outcome =
      Feed({Cmd({"SELECT", "1"}), Resp("+OK\r\n"), Cmd({"CLIENT", "REPLY", "OFF"}), Req("", 30),
            Cmd({"GET", "a"}), Resp("$-1\r\n"), Cmd({"SELECT", "2"}), Resp("+OK\r\n"),
            Cmd({"GET", "a"}), Resp("$-1\r\n")});
  EXPECT_THAT(outcome.responses, ElementsAre("0..5 response db=0", "5..10 response",
                                             "10..15 response", "15..20 response db=2"));
}

TEST(RedisGap, JoinedConnectionsHaveNoDatabase) {
  auto parser = kSpec.make({});
  const std::string get = List({"GET", "a"});
  (void)parser->Parse(
      {.flow = Flow::kRequests, .bytes = get, .available = get.size(), .joined = true});
  const ParseOutput output =
      parser->Parse({.flow = Flow::kResponses, .bytes = "$-1\r\n", .available = 5, .joined = true});
  ASSERT_EQ(output.status, ParseStatus::kHead);
  EXPECT_TRUE(output.message->attributes.empty());
}

TEST(RedisHostile, OtherBytesEndPairing) {
  EXPECT_THAT(Feed({Req("\x01\x02\r\n")}).requests, ElementsAre("invalid not_redis"));
  EXPECT_THAT(Feed({Req("*1\r\n:1\r\n")}).requests, ElementsAre("invalid not_redis"));
  EXPECT_THAT(Feed({Req("*1\r\n$-1\r\n")}).requests, ElementsAre("invalid not_redis"));
  EXPECT_THAT(Feed({Req("*1\r\n$4\r\nPINGxx")}).requests, ElementsAre("invalid not_redis"));
  EXPECT_THAT(Feed({Req("*99999999999999999999\r\n")}).requests, ElementsAre("invalid not_redis"));
  EXPECT_THAT(Feed({Req(std::string(70'000, 'a'))}).requests, ElementsAre("invalid not_redis"));
  for (const char* bytes : {"HTTP/1.1 400\r\n", "$x\r\n", "$-2\r\n", ".\r\n", ";1\r\n", "*2\n",
                            "*1\r\n.\r\n", "%-1\r\n", "|?\r\n", "$99999999999999\r\n"}) {
    const Outcome outcome = Feed({Cmd({"PING"}), Resp(bytes)});
    EXPECT_EQ(outcome.responses.back(), "invalid not_redis") << bytes;
  }
}

TEST(RedisHostile, AnErrorsPrefixLiesInsideOfIt) {
  const Outcome outcome = Feed({Cmd({"PING"}), Resp("!1\r\nAB C\r\n")});
  EXPECT_THAT(outcome.responses.front(), testing::HasSubstr("code=A "));
}

TEST(RedisHostile, DepthIsBounded) {
  std::string nested;
  for (size_t i = 0; i < ValueScanner::kMaxDepth; ++i) nested += "*1\r\n";
  EXPECT_THAT(Feed({Cmd({"PING"}), Resp(nested + ":1\r\n")}).responses,
              ElementsAre("0..260 response db=0"));
  EXPECT_EQ(Feed({Cmd({"PING"}), Resp(nested + "*1\r\n:1\r\n")}).responses.back(),
            "invalid not_redis");
}

TEST(RedisRaw, ShowsWordsAsRedisCliWritesThem) {
  const auto text_of = [](const std::vector<std::string>& words) {
    auto parser = kSpec.make({.query_text = QueryText::kRaw});
    const std::string bytes = List(words);
    const ParseOutput output =
        parser->Parse({.flow = Flow::kRequests, .bytes = bytes, .available = bytes.size()});
    return std::string(output.message->attributes.Text(model::key::kDbQueryText));
  };
  EXPECT_EQ(text_of({"SET", "user:1", "a b"}), "SET user:1 \"a b\"");
  EXPECT_EQ(text_of({"SET", "\xff\r\n", "\"\\"}), "SET \"\\xff\\x0d\\x0a\" \"\\\"\\\\\"");
  EXPECT_EQ(text_of({"GET", ""}), "GET \"\"");
  EXPECT_EQ(text_of({"GET", std::string(200, 'k')}), "GET " + std::string(128, 'k') + "...");
  EXPECT_EQ(text_of({"secret", "x"}), "secret x");
  EXPECT_EQ(text_of({"AUTH", "user", "hunter2"}), "AUTH ? ?");
  EXPECT_EQ(text_of({"hello", "3", "AUTH", "u", "p"}), "hello ? ? ? ?");
  EXPECT_EQ(text_of({"config", "set", "requirepass", "hunter2"}), "config set ? ?");
  EXPECT_EQ(text_of({"ACL", "SETUSER", "a", ">hunter2"}), "ACL SETUSER ? ?");
  EXPECT_EQ(text_of({"MIGRATE", "h", "1", "k", "0", "9", "AUTH", "hunter2"}),
            "MIGRATE ? ? ? ? ? ? ?");
}

}  // namespace
}  // namespace spanwire::protocol::redis
