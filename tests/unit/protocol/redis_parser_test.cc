// SPDX-License-Identifier: Apache-2.0
// Redis as tables of wire bytes; each case is run whole and in every split.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/redis_wire.h"
#include "tests/unit/protocol/parser_splits.h"

namespace spanwire::protocol::redis {
namespace {

struct Case {
  std::string name;
  std::vector<Wire> steps;
  Lines requests;
  Lines responses;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

// Offsets are looked at in a few cases only: "0..14 PING op=PING text=PING" is "PING" where the
// name says it all.
Lines Brief(Lines lines) {
  for (std::string& line : lines) {
    const size_t blank = line.find(' ');
    if (line.find("..") < blank) line.erase(0, blank + 1);
    const size_t op = line.find(" op=");
    if (op == std::string::npos) continue;
    const std::string name = line.substr(0, std::min(line.find(" one-way"), op));
    if (line.substr(op + 4).starts_with(name)) line.erase(op, 4 + name.size());
    if (line.ends_with(" text=" + name)) line.erase(line.size() - 6 - name.size());
  }
  return lines;
}

class RedisWire : public testing::TestWithParam<Case> {};

TEST_P(RedisWire, GivesTheSameMessagesInEverySplit) {
  const Outcome outcome = RunEverySplit(kSpec, GetParam().steps);
  EXPECT_EQ(Brief(outcome.requests), GetParam().requests);
  EXPECT_EQ(Brief(outcome.responses), GetParam().responses);
}

std::string NameOf(const testing::TestParamInfo<Case>& info) { return info.param.name; }

const std::string kOk = "+OK\r\n";
const std::string kQueued = "+QUEUED\r\n";
const std::string kAnswer = "response db=0";

INSTANTIATE_TEST_SUITE_P(
    Answers, RedisWire,
    testing::Values(
        Case{"Simple", {Cmd({"PING"}), Resp("+PONG\r\n")}, {"PING"}, {kAnswer}},
        Case{"Bulk", {Cmd({"GET", "key"}), Resp("$5\r\nhello\r\n")}, {"GET text=GET ?"}, {kAnswer}},
        Case{"BulkWithLineEnds",
             {Cmd({"GET", "a\r\n$3\r\nb"}), Resp(Bulk("\r\n+OK\r\n*1\r\n"))},
             {"GET text=GET ?"},
             {kAnswer}},
        Case{"EmptyAndNull",
             {Cmd({"GET", ""}), Resp("$0\r\n\r\n"), Cmd({"GET", "x"}), Resp("$-1\r\n"),
              Cmd({"BLPOP", "k", "1"}), Resp("*-1\r\n"), Cmd({"KEYS", "*"}), Resp("*0\r\n")},
             {"GET text=GET ?", "GET text=GET ?", "BLPOP text=BLPOP ? ? spanwire.blocking=1",
              "KEYS text=KEYS ?"},
             {kAnswer, kAnswer, kAnswer, kAnswer}},
        Case{"Nested",
             {Cmd({"XRANGE", "s", "-", "+"}),
              Resp("*2\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n*-1\r\n:5\r\n"),
              Resp("$1\r\nx\r\n")},
             {"XRANGE text=XRANGE ? ? ?"},
             {kAnswer, "response", "response"}},
        Case{"Resp3Types",
             {Cmd({"HELLO", "3"}),
              Resp("%3\r\n+a\r\n:1\r\n$1\r\nb\r\n~2\r\n#t\r\n_\r\n,1.5\r\n(123456789\r\n"),
              Cmd({"INFO"}), Resp("=7\r\ntxt:abc\r\n")},
             {"HELLO text=HELLO ?", "INFO"},
             {kAnswer, kAnswer}},
        Case{"Streamed",
             {Cmd({"GET", "a"}), Resp("$?\r\n;4\r\nWord\r\n;2\r\n\r\n\r\n;0\r\n"),
              Cmd({"LRANGE", "a", "0", "1"}), Resp("*?\r\n:1\r\n*?\r\n.\r\n:2\r\n.\r\n"),
              Cmd({"PING"}), Resp("+PONG\r\n")},
             {"GET text=GET ?", "LRANGE text=LRANGE ? ? ?", "PING"},
             {kAnswer, kAnswer, kAnswer}},
        Case{"Attributes",
             {Cmd({"GET", "a"}),
              Resp("|1\r\n+ttl\r\n:3600\r\n*2\r\n|0\r\n:1\r\n|1\r\n+a\r\n+b\r\n:2\r\n"),
              Cmd({"PING"}), Resp("+PONG\r\n")},
             {"GET text=GET ?", "PING"},
             {kAnswer, kAnswer}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Errors, RedisWire,
    testing::Values(Case{"Prefixes",
                         {Cmd({"LPUSH", "a", "b"}), Resp("-WRONGTYPE Operation against a key\r\n"),
                          Cmd({"GET", "a"}), Resp("-MOVED 3999 127.0.0.1:6381\r\n"),
                          Cmd({"EVALSHA", "x", "0"}), Resp("-NOSCRIPT No matching script.\r\n"),
                          Cmd({"GET"}), Resp("-ERR wrong\r\n")},
                         {"LPUSH text=LPUSH ? ?", "GET text=GET ?",
                          "EVALSHA text=EVALSHA ? ? procedure=x", "GET"},
                         {"response code=WRONGTYPE db=0 client server type=WRONGTYPE",
                          "response code=MOVED db=0 client server type=MOVED",
                          "response code=NOSCRIPT db=0 client server type=NOSCRIPT",
                          "response code=ERR db=0 client server type=ERR"}},
                    Case{"Blob",
                         {Cmd({"GET"}), Resp("!21\r\nSYNTAX invalid syntax\r\n")},
                         {"GET"},
                         {"response code=SYNTAX db=0 client server type=SYNTAX"}},
                    Case{"OfAScript",
                         {Cmd({"EVAL", "return redis.error_reply('My Secret')", "0"}),
                          Resp("-My Secret\r\n"), Cmd({"EVAL", "x", "0"}), Resp("-hunter2\r\n")},
                         {"EVAL text=EVAL ? ?", "EVAL text=EVAL ? ?"},
                         {"response db=0 client server", "response db=0 client server"}},
                    Case{"NoAnswerIsAnError",
                         {Cmd({"SET", "a", "b"}), Resp("-\r\n")},
                         {"SET text=SET ? ?"},
                         {"response db=0 client server"}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Requests, RedisWire,
    testing::Values(
        Case{"Pipelined",
             {Req(List({"SET", "a", "1"}) + List({"INCR", "a"}) + List({"GET", "a"})),
              Resp(kOk + ":2\r\n" + Bulk("2"))},
             {"SET text=SET ? ?", "INCR text=INCR ?", "GET text=GET ?"},
             {kAnswer, kAnswer, kAnswer}},
        Case{"Inline",
             {Req("PING\r\n"), Resp("+PONG\r\n"), Req("\r\n  set a \"b c\"  \n"), Resp(kOk),
              Req("config get maxmemory\r\n"), Resp(List({"maxmemory", "0"}))},
             {"PING", "set text=set ? ?", "config get text=config get ?"},
             {kAnswer, kAnswer, kAnswer}},
        Case{"NothingAsked",
             {Req("*0\r\n*-1\r\n"), Cmd({"PING"}), Resp("+PONG\r\n")},
             {"PING"},
             {kAnswer}},
        Case{"Containers",
             {Cmd({"CONFIG", "SET", "requirepass", "hunter2"}), Resp(kOk),
              Cmd({"CLIENT", "SETNAME", "x"}), Resp(kOk), Cmd({"XINFO", "12", "s"}), Resp(kOk)},
             {"CONFIG SET text=CONFIG SET ? ?", "CLIENT SETNAME text=CLIENT SETNAME ?",
              "XINFO text=XINFO ? ?"},
             {kAnswer, kAnswer, kAnswer}},
        Case{"UnknownNamesAreNotShown",
             {Cmd({"hunter", "2"}), Resp("-ERR unknown command\r\n"), Cmd({"FT.SEARCH", "i", "*"}),
              Resp("*1\r\n:0\r\n"), Cmd({"a.b1"}), Resp(kOk)},
             {"_OTHER text=_OTHER ?", "FT.SEARCH text=FT.SEARCH ? ?", "_OTHER"},
             {"response code=ERR db=0 client server type=ERR", kAnswer, kAnswer}},
        Case{"Procedures",
             {Cmd({"FCALL", "my_func", "0"}), Resp(kOk), Cmd({"FCALL", "my func", "0"}), Resp(kOk)},
             {"FCALL text=FCALL ? ? procedure=my_func", "FCALL text=FCALL ? ?"},
             {kAnswer, kAnswer}},
        Case{"ManyWords",
             {Cmd({"DEL", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14",
                   "15", "16", "17"}),
              Resp(":17\r\n")},
             {"DEL text=DEL ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ..."},
             {kAnswer}},
        Case{"Long",
             {Cmd({"SET", "k", std::string(3000, 'v')}), Resp(kOk)},
             {"SET text=SET ? ?"},
             {kAnswer}},
        Case{"BinaryWords",
             {Cmd({"SET", std::string("\0\xff\r\n", 4), "\x80"}), Resp(kOk)},
             {"SET text=SET ? ?"},
             {kAnswer}},
        Case{"Blocking",
             {Cmd({"XREAD", "BLOCK", "0", "STREAMS", "s", "$"}), Resp("*-1\r\n"),
              Cmd({"XREAD", "COUNT", "1", "STREAMS", "s", "0"}), Resp("*-1\r\n"),
              Cmd({"wait", "1", "0"}), Resp(":0\r\n")},
             {"XREAD text=XREAD ? ? ? ? ? spanwire.blocking=1", "XREAD text=XREAD ? ? ? ? ?",
              "wait text=wait ? ? spanwire.blocking=1"},
             {kAnswer, kAnswer, kAnswer}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    State, RedisWire,
    testing::Values(
        Case{"Transaction",
             {Req(List({"MULTI"}) + List({"INCR", "a"}) + List({"BLPOP", "l", "0"}) +
                  List({"EXEC"})),
              Resp(kOk + kQueued + kQueued + "*2\r\n:1\r\n*-1\r\n")},
             {"MULTI", "INCR text=INCR ?", "BLPOP text=BLPOP ? ?", "EXEC text=EXEC batch=2"},
             {kAnswer, kAnswer, kAnswer, kAnswer}},
        Case{"TransactionThatIsGivenUp",
             {Cmd({"MULTI"}), Resp(kOk), Cmd({"NOSUCH"}), Resp("-ERR unknown command\r\n"),
              Cmd({"EXEC"}), Resp("-EXECABORT Transaction discarded\r\n"), Cmd({"MULTI"}),
              Resp(kOk), Cmd({"GET", "a"}), Resp(kQueued), Cmd({"DISCARD"}), Resp(kOk),
              Cmd({"EXEC"}), Resp("-ERR EXEC without MULTI\r\n")},
             {"MULTI", "_OTHER", "EXEC", "MULTI", "GET text=GET ?", "DISCARD", "EXEC"},
             {kAnswer, "response code=ERR db=0 client server type=ERR",
              "response code=EXECABORT db=0 client server type=EXECABORT", kAnswer, kAnswer,
              kAnswer, "response code=ERR db=0 client server type=ERR"}},
        Case{
            "Select",
            {Req(List({"SELECT", "3"}) + List({"GET", "a"})), Resp(kOk + "$-1\r\n"),
             Cmd({"SELECT", "99"}), Resp("-ERR DB index is out of range\r\n"), Cmd({"GET", "a"}),
             Resp("$-1\r\n"), Cmd({"RESET"}), Resp("+RESET\r\n"), Cmd({"PING"}), Resp("+PONG\r\n")},
            {"SELECT text=SELECT ?", "GET text=GET ?", "SELECT text=SELECT ?", "GET text=GET ?",
             "RESET", "PING"},
            {kAnswer, "response db=3", "response code=ERR db=3 client server type=ERR",
             "response db=3", "response db=3", kAnswer}},
        Case{"SelectInATransaction",
             {Cmd({"MULTI"}), Resp(kOk), Cmd({"SELECT", "2"}), Resp(kQueued), Cmd({"EXEC"}),
              Resp("*1\r\n+OK\r\n"), Cmd({"PING"}), Resp("+PONG\r\n")},
             {"MULTI", "SELECT text=SELECT ?", "EXEC", "PING"},
             {kAnswer, kAnswer, kAnswer, "response"}},
        Case{"ReplyOff",
             {Req(List({"CLIENT", "REPLY", "OFF"}) + List({"SET", "a", "1"}) +
                  List({"CLIENT", "REPLY", "ON"}) + List({"PING"})),
              Resp(kOk + "+PONG\r\n")},
             {"CLIENT REPLY one-way text=CLIENT REPLY ?", "SET one-way text=SET ? ?",
              "CLIENT REPLY text=CLIENT REPLY ?", "PING"},
             {kAnswer, kAnswer}},
        Case{"ReplySkip",
             {Req(List({"CLIENT", "REPLY", "SKIP"}) + List({"SET", "a", "1"}) + List({"PING"})),
              Resp("+PONG\r\n")},
             {"CLIENT REPLY one-way text=CLIENT REPLY ?", "SET one-way text=SET ? ?", "PING"},
             {kAnswer}},
        Case{"ReplyOffWasRefused",
             {Cmd({"CLIENT", "REPLY", "OFF"}), Resp("-NOAUTH Authentication required.\r\n"),
              Cmd({"PING"}), Resp("+PONG\r\n")},
             {"CLIENT REPLY one-way text=CLIENT REPLY ?", "PING"},
             {"response code=NOAUTH client server type=NOAUTH", kAnswer}},
        Case{"Monitor",
             {Cmd({"MONITOR"}), Resp(kOk), Resp("+1339518083.107412 [0 127.0.0.1:6] \"get\"\r\n"),
              Cmd({"PING"}), Resp("+1339518087.877697 [0 lua] \"set\" \"a\"\r\n+PONG\r\n")},
             {"MONITOR", "PING"},
             {kAnswer, kAnswer}},
        Case{"Replication",
             {Cmd({"REPLCONF", "capa", "psync2"}), Resp(kOk), Cmd({"PSYNC", "?", "-1"}),
              Resp("+FULLRESYNC 8de1787ba490483314a4d30f1c628bc5025eb761 0\r\n"),
              Resp("$5\r\nREDIS")},
             {"REPLCONF text=REPLCONF ? ?", "PSYNC text=PSYNC ? ?", "opaque"},
             {kAnswer, kAnswer}},
        Case{"ReplicaThatWasJoined",
             {Cmd({"PING"}), Cmd({"REPLCONF", "ACK", "14"})},
             {"PING", "opaque"},
             {}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Subscriptions, RedisWire,
    testing::Values(
        Case{"OneAnswerForEachChannel",
             {Cmd({"SUBSCRIBE", "a", "b"}), Resp(Confirm("subscribe", "a", 1)),
              Resp(Confirm("subscribe", "b", 2)), Resp(List({"message", "a", "hello"})),
              Cmd({"PSUBSCRIBE", "c*"}),
              Resp(List({"message", "b", "x"}) + Confirm("psubscribe", "c*", 3)),
              Resp(List({"pmessage", "c*", "cc", "x"})), Cmd({"PING"}),
              Resp(List({"message", "a", "y"}) + List({"pong", ""}))},
             {"SUBSCRIBE text=SUBSCRIBE ? ?", "PSUBSCRIBE text=PSUBSCRIBE ?", "PING"},
             {kAnswer, kAnswer, kAnswer}},
        Case{"UnsubscribeFromAll",
             {Cmd({"SUBSCRIBE", "a", "b"}),
              Resp(Confirm("subscribe", "a", 1) + Confirm("subscribe", "b", 2)),
              Req(List({"UNSUBSCRIBE"}) + List({"LRANGE", "l", "0", "2"})),
              Resp(Confirm("unsubscribe", "a", 1) + Confirm("unsubscribe", "b", 0) +
                   List({"message", "a", "b"}))},
             {"SUBSCRIBE text=SUBSCRIBE ? ?", "UNSUBSCRIBE", "LRANGE text=LRANGE ? ? ?"},
             {kAnswer, kAnswer, kAnswer}},
        Case{"Refused",
             {Req(List({"SUBSCRIBE", "a", "b"}) + List({"PING"})), Resp("-NOPERM no\r\n+PONG\r\n")},
             {"SUBSCRIBE text=SUBSCRIBE ? ?", "PING"},
             {"response code=NOPERM db=0 client server type=NOPERM", kAnswer}},
        Case{"FewerConfirmations",
             {Req(List({"SUBSCRIBE", "a", "b"}) + List({"PING"})),
              Resp(Confirm("subscribe", "a", 1) + List({"pong", ""}))},
             {"SUBSCRIBE text=SUBSCRIBE ? ?", "PING"},
             {kAnswer, kAnswer}},
        Case{"Resp3",
             {Req(List({"SUBSCRIBE", "a", "b"}) + List({"GET", "k"})),
              Resp(Confirm("subscribe", "a", 1, '>') + List({"message", "a", "x"}, '>') +
                   Confirm("subscribe", "b", 2, '>')),
              Resp(">2\r\n" + Bulk("invalidate") + "*1\r\n" + Bulk("k") +
                   List({"message", "a", "b"}))},
             {"SUBSCRIBE text=SUBSCRIBE ? ?", "GET text=GET ?"},
             {kAnswer, kAnswer}},
        Case{"PushesBeforeAnyRequest",
             {Cmd({"PING"}), Resp("+PONG\r\n"), Resp(">2\r\n" + Bulk("invalidate") + "_\r\n"),
              Resp(List({"message", "a", "b"})), Resp(Confirm("unsubscribe", "a", 0))},
             {"PING"},
             {kAnswer}}),
    NameOf);

}  // namespace
}  // namespace spanwire::protocol::redis
