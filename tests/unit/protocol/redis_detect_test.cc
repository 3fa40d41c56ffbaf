// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "tests/support/redis_wire.h"

namespace spanwire::protocol::redis {
namespace {

// The first verdict that is none, as the bytes come one by one, and how many it took.
std::string Verdict(const std::string& bytes) {
  for (size_t size = 1; size <= bytes.size(); ++size) {
    switch (Detect(std::string_view(bytes).substr(0, size))) {
      case Match::kNeedMore: continue;
      case Match::kNo: return "no";
      case Match::kRequests: return "requests";
      case Match::kResponses: return "responses";
    }
  }
  return "more";
}

TEST(RedisDetect, KnowsCommands) {
  EXPECT_EQ(Verdict(List({"PING"})), "requests");
  EXPECT_EQ(Verdict(List({"set", "a", "b"})), "requests");
  EXPECT_EQ(Verdict(List({"FT.SEARCH", "idx", "*"})), "requests");
  EXPECT_EQ(Verdict(List({"HELLO", "3", "AUTH", "u", "p"})), "requests");
}

TEST(RedisDetect, KnowsAnswers) {
  EXPECT_EQ(Verdict("+PONG\r\n"), "responses");
  EXPECT_EQ(Verdict("+OK\r\n:1\r\n"), "responses");
  EXPECT_EQ(Verdict("$5\r\nhello\r\n"), "responses");
  EXPECT_EQ(Verdict("$-1\r\n"), "responses");
  EXPECT_EQ(Verdict(":17\r\n"), "responses");
  EXPECT_EQ(Verdict("*2\r\n:1\r\n:2\r\n"), "responses");
  EXPECT_EQ(Verdict("%1\r\n$6\r\nserver\r\n"), "responses");
  EXPECT_EQ(Verdict("-NOAUTH Authentication required.\r\n"), "responses");
  EXPECT_EQ(Verdict("-WRONGTYPE Operation\r\n"), "responses");
}

TEST(RedisDetect, WaitsForWhatOthersSayToo) {
  EXPECT_EQ(Verdict("+OK\r\n"), "more");  // POP3
  EXPECT_EQ(Verdict("+OK\r\n+OK\r\n"), "more");
  EXPECT_EQ(Verdict("PING\r\n"), "more");     // NATS
  EXPECT_EQ(Verdict("GET key\r\n"), "more");  // HTTP/0.9, memcached
  EXPECT_EQ(Verdict("QUIT\r\n"), "more");     // SMTP, FTP
  EXPECT_EQ(Verdict("AUTH PLAIN dGVzdA==\r\n"), "more");
}

TEST(RedisDetect, LeavesOthersAlone) {
  EXPECT_EQ(Verdict("HTTP/1.1 200 OK\r\n\r\n"), "no");
  EXPECT_EQ(Verdict("POST / HTTP/1.1\r\n"), "no");
  EXPECT_EQ(Verdict("+OK POP3 server ready\r\n"), "no");
  EXPECT_EQ(Verdict("-ERR invalid password\r\n"), "no");
  EXPECT_EQ(Verdict("* OK IMAP4rev1 ready\r\n"), "no");
  EXPECT_EQ(Verdict("220 mail ESMTP\r\n"), "no");
  EXPECT_EQ(Verdict("SSH-2.0-OpenSSH_9.2\r\n"), "no");
  EXPECT_EQ(Verdict("VALUE key 0 5\r\n"), "no");
  EXPECT_EQ(Verdict("CONNECT {\"verbose\":false}\r\n"), "no");
  EXPECT_EQ(Verdict(":server 001 nick\r\n"), "no");
  EXPECT_EQ(Verdict("$GPGGA,123519\r\n"), "no");
  EXPECT_EQ(Verdict(std::string("\x16\x03\x01\x02", 4)), "no");
  EXPECT_EQ(Verdict("*" + std::string(40, '\0')), "no");
  EXPECT_EQ(Verdict("*1\r\n$5\r\nfoo b\r\n"), "no");
  EXPECT_EQ(Verdict("*2\r\n$7\r\nunknown\r\n$1\r\na\r\n"), "no");
  EXPECT_EQ(Verdict("*1\r\n$400\r\n"), "no");
}

size_t Boundary(Flow flow, std::string_view bytes) {
  return kSpec.make({})->FindBoundary({.flow = flow, .bytes = bytes, .available = bytes.size()});
}

TEST(RedisBoundary, RequestsAreArraysOfAKnownCommand) {
  EXPECT_EQ(Boundary(Flow::kRequests, List({"GET", "a"})), 0u);
  EXPECT_EQ(Boundary(Flow::kRequests, "*2\r\n$3\r\nGE"), kNoBoundary);
  EXPECT_EQ(Boundary(Flow::kRequests, "x" + List({"GET", "a"})), kNoBoundary);
  EXPECT_EQ(Boundary(Flow::kRequests, "PING\r\n"), kNoBoundary);
  EXPECT_EQ(Boundary(Flow::kRequests, List({"field", "a"})), kNoBoundary);
  EXPECT_EQ(Boundary(Flow::kRequests, "*1\r\n:1\r\n"), kNoBoundary);
}

TEST(RedisBoundary, AnswersBeginWithAWholeLine) {
  for (const char* line : {"+OK\r\n", ":-5\r\n", "$5\r\n", "$-1\r\n", "*3\r\n", "_\r\n", "#t\r\n",
                           ",inf\r\n", ",3.14\r\n", "(99\r\n", "-ERR x\r\n", ">2\r\n", "%?\r\n"}) {
    EXPECT_EQ(Boundary(Flow::kResponses, line), 0u) << line;
  }
  for (const char* line : {"+OK", "+\r\n", ":x\r\n", "$x\r\n", "$5\n", "-err\r\n", "#x\r\n",
                           "hello\r\n", "+a\x01\r\n", ";4\r\n", ".\r\n", ""}) {
    EXPECT_EQ(Boundary(Flow::kResponses, line), kNoBoundary) << line;
  }
}

}  // namespace
}  // namespace spanwire::protocol::redis
