// SPDX-License-Identifier: Apache-2.0
// What is PostgreSQL, at the beginning of a connection and in its middle.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "agent/protocol/http1/http1.h"
#include "agent/protocol/postgresql/postgresql.h"
#include "tests/support/postgresql_messages.h"

namespace spanwire::protocol::postgresql {
namespace {

using namespace wire;  // NOLINT(google-build-using-namespace): the messages' names
using std::string_literals::operator""s;

TEST(PostgresqlDetect, WhatAConnectionBeginsWith) {
  for (const std::string& bytes : {Startup("bob", "shop"), Startup("bob", "", 2), SslRequest(),
                                   GssRequest(), CancelRequest(), Startup("bob", "", 9999)}) {
    EXPECT_EQ(Detect(bytes), Match::kRequests);
    for (size_t size = 1; size < bytes.size(); ++size) {
      EXPECT_EQ(Detect(bytes.substr(0, size)), Match::kNeedMore) << size;
    }
  }
}

TEST(PostgresqlDetect, TurnsInTheMiddle) {
  const std::vector<std::string> requests = {
      Query("SELECT 1"),
      Parse("s", "SELECT $1") + Bind("", "s") + Describe('P', "") + Execute() + Sync(),
      Bind("", "s") + Execute() + Sync(),
      Close('S', "s") + Sync(),
      Sync(),
      Execute("c", 5) + Sync(),
      Query("INSERT INTO t VALUES ('" + std::string(100'000, 'x') + "')").substr(0, 9'000)};
  for (const std::string& bytes : requests) EXPECT_EQ(Detect(bytes), Match::kRequests) << bytes;
  const std::vector<std::string> responses = {
      RowDescription() + Row() + Complete("SELECT 1") + Ready(),
      BindComplete() + Row() + Row() + Complete("SELECT 2") + Ready('T'),
      ParseComplete() + Parameters() + NoData() + Ready(),
      Complete("BEGIN") + Ready('T'),
      Error("42P01") + Ready('E'),
      EmptyQuery() + Ready(),
      BindComplete() + Row(std::string(100'000, 'x')).substr(0, 9'000)};
  for (const std::string& bytes : responses) EXPECT_EQ(Detect(bytes), Match::kResponses) << bytes;
}

TEST(PostgresqlDetect, OtherProtocols) {
  const std::vector<std::string> others = {
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST /x HTTP/1.1\r\n",
      "HTTP/1.1 200 OK\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64"s,  // HTTP/2 SETTINGS
      "*1\r\n$4\r\nPING\r\n",
      "+PONG\r\n",
      "PING\r\n",
      "SET a b\r\n",
      "EHLO x\r\n",
      "QUIT\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s,  // TLS
      "SSH-2.0-OpenSSH_9.2\r\n",
      "\x4a\x00\x00\x00\x0a"
      "8.0.36\0\x01\x02"s,              // MySQL's greeting
      "\x45\x00\x00\x00\x03select 1"s,  // and a command of 0x45 bytes
      "\x3a\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xd4\x07\x00\x00"s,  // MongoDB
      "\x00\x00\x00\x1f\x00\x12\x00\x03\x00\x00\x00\x01\x00\x04test"s,      // Kafka
      "AMQP\x00\x00\x09\x01"s,
      "stats\r\n",
      "CONNECT {}\r\n",
      "INFO {\"a\":1}\r\n",
  };
  for (const std::string& bytes : others) {
    EXPECT_EQ(Detect(bytes), Match::kNo) << bytes;
  }
}

TEST(PostgresqlDetect, IsNotHttp) {
  for (const std::string& bytes : {Startup("bob", "shop"), SslRequest(), Query("SELECT 1"),
                                   Parse("GET", "SELECT 1"), Complete("HTTP/1.1")}) {
    EXPECT_EQ(http1::Detect(bytes), Match::kNo) << bytes;
  }
}

TEST(PostgresqlDetect, BadMessages) {
  const std::vector<std::string> bad = {
      Message('Q', "SELECT 1"),                 // no NUL
      Message('Q', "SELECT\0 1\0"s),            // one too many
      Message('Q', "\x01\x02\0"s),              // no text
      Message('E', Text("") + Int16(0)),        // too short
      Message('Z', "X"),                        // no state
      Message('D', Int16(2) + Int32(1) + "x"),  // a column is missing
      Message('C', Text("select 1")),           // no tag
      Message('B', Text("") + Text("") + Int16(1) + Int16(7) + Int16(0) + Int16(0)),  // format 7
      "Q\x00\x00\x00\x03xxx"s,            // a length that cannot be
      Int32(9) + Int32(3u << 16) + '\0',  // a start without a user
      Int32(8) + Int32(2u << 16),         // protocol 2
  };
  for (const std::string& bytes : bad) EXPECT_EQ(Detect(bytes), Match::kNo) << bytes;
}

}  // namespace
}  // namespace spanwire::protocol::postgresql
