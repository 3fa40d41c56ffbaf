// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "agent/protocol/http1/boundary.h"
#include "agent/protocol/http1/http1.h"
#include "agent/protocol/registry.h"

namespace spanwire::protocol::http1 {
namespace {

using namespace std::string_literals;

struct Case {
  std::string name;
  std::string bytes;
  Match match;
  size_t decided_at;  // bytes that are enough; one less gives kNeedMore
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }
std::string NameOf(const testing::TestParamInfo<Case>& info) { return info.param.name; }

class Http1Detect : public testing::TestWithParam<Case> {};

TEST_P(Http1Detect, DecidesWithTheFewestBytesAndStaysWithIt) {
  const Case& test = GetParam();
  for (size_t size = 0; size <= test.bytes.size(); ++size) {
    const Match expected = size < test.decided_at ? Match::kNeedMore : test.match;
    EXPECT_EQ(Detect(std::string_view(test.bytes).substr(0, size)), expected) << size << " bytes";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Bytes, Http1Detect,
    testing::Values(Case{"Get", "GET /a HTTP/1.1\r\nHost: a\r\n\r\n", Match::kRequests, 5},
                    Case{"Query", "QUERY /a HTTP/1.1\r\n\r\n", Match::kRequests, 7},
                    Case{"AbsoluteForm", "GET http://h/ HTTP/1.1\r\n", Match::kRequests, 24},
                    Case{"Connect", "CONNECT h:443 HTTP/1.0\r\n", Match::kRequests, 24},
                    Case{"Asterisk", "OPTIONS * HTTP/1.1\n", Match::kRequests, 19},
                    Case{"UnknownMethod", "M-SEARCH * HTTP/1.1\r\nST: x\r\n", Match::kRequests, 21},
                    Case{"EmptyLineFirst", "\r\nPUT /a HTTP/1.1\r\n", Match::kRequests, 7},
                    Case{"Answer", "HTTP/1.1 200 OK\r\n", Match::kResponses, 7},
                    Case{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Match::kNo, 5},
                    Case{"Http2Answer", "HTTP/2 200\r\n", Match::kNo, 12 - 6},
                    Case{"Tls", "\x16\x03\x01\x02\x00"s, Match::kNo, 1},
                    Case{"RedisArray", "*1\r\n$4\r\nPING\r\n", Match::kNo, 1},
                    Case{"RedisInline", "SET key value\r\n", Match::kNo, 15},
                    Case{"RedisReply", "+OK\r\n", Match::kNo, 1},
                    Case{"SmtpGreeting", "220 mail.example ESMTP\r\n", Match::kNo, 1},
                    Case{"SmtpCommand", "EHLO client\r\n", Match::kNo, 13},
                    Case{"Ssh", "SSH-2.0-OpenSSH_9.2\r\n", Match::kNo, 20},
                    Case{"Sip", "OPTIONS sip:a@b SIP/2.0\r\n", Match::kNo, 25},
                    Case{"Memcached", "get some_key\r\n", Match::kNo, 14},
                    Case{"Http09", "GET x\r\n", Match::kNo, 7},
                    Case{"Json", "{\"id\":1}", Match::kNo, 1},
                    Case{"MysqlGreeting", "J\0\0\0\x0a"s, Match::kNo, 2},
                    Case{"PostgresStartup", "\0\0\0\x08\x04\xd2\x16\x2f"s, Match::kNo, 1},
                    Case{"BinaryAfterAWord", "HELP \x01\x02", Match::kNo, 6},
                    Case{"LongWord", std::string(40, 'A'), Match::kNo, 33}),
    NameOf);

TEST(Http1Detect, GivesUpOnALineWithoutEnd) {
  EXPECT_EQ(Detect("FOO " + std::string(20000, 'a')), Match::kNo);
}

TEST(Http1Detect, IsRegistered) {
  ASSERT_FALSE(Registry().empty());
  EXPECT_EQ(Registry()[0].name, "http");
  EXPECT_EQ(Registry()[0].detect("HTTP/1.1 200"), Match::kResponses);
}

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST(Http1Boundary, FindsACompleteStartLineAtTheFront) {
  EXPECT_EQ(FindRequest("GET / HTTP/1.1\r\n"), 0u);
  EXPECT_EQ(FindRequest("OPTIONS * HTTP/1.0\r\nHost"), 0u);
  EXPECT_EQ(FindRequest("CONNECT h:1 HTTP/1.1\r\n"), 0u);
  EXPECT_EQ(FindRequest("PROPFIND http://h/ HTTP/1.1\r\n"), 0u);
  EXPECT_EQ(FindResponse("HTTP/1.1 200 OK\r\n"), 0u);
  EXPECT_EQ(FindResponse("HTTP/1.0 404\r\nA"), 0u);
}

TEST(Http1Boundary, FindsAWholeHeadFurtherIn) {
  EXPECT_EQ(FindRequest("tail of a body\r\n" + kGet), 16u);
  EXPECT_EQ(FindResponse("x\n" + kOk), 2u);
  EXPECT_EQ(FindResponse("\r\nHTTP/1.1 204 No Content\r\nServer: x\r\n\r\n"), 2u);
}

class NoBoundary : public testing::TestWithParam<std::string> {};
TEST_P(NoBoundary, InWhatOnlyLooksLikeAMessage) {
  EXPECT_EQ(FindRequest(GetParam()), kNoBoundary);
  EXPECT_EQ(FindResponse(GetParam()), kNoBoundary);
}
INSTANTIATE_TEST_SUITE_P(
    Bytes, NoBoundary,
    testing::Values(
        "", "G", "GET / HTTP/1.1", "GET / HTTP/1.1\r", "GET / HTTP/1.1\n", "HTTP/1.1 200 OK",
        "HTTP/1.1 200 OK\n", "GET  / HTTP/1.1\r\n", "GET / HTTP/1.1 \r\n", "get / HTTP/1.1\r\n",
        "GET a HTTP/1.1\r\n", "GET /a b HTTP/1.1\r\n", "GET /\xc3\xa9 HTTP/1.1\r\n",
        "GET / HTTP/1.7\r\n", "GET / HTTP/2.0\r\n", "CONNECT h HTTP/1.1\r\n", "GET * HTTP/1.1\r\n",
        "HTTP/1.1 20 OK\r\n", "HTTP/1.1 777 OK\r\n", "HTTP/1.2 200 OK\r\n",
        "a GET / HTTP/1.1\r\nHost: a\r\n\r\n",                 // not after a line's end
        "x\r\nGET / HTTP/1.1\r\nHost: a\r\n",                  // no whole head
        "x\r\nGET / HTTP/1.1\r\nAccept: a\r\n\r\n",            // no Host
        "x\r\nGET / HTTP/1.1\r\nHost: a\r\nno field\r\n\r\n",  // a line that is no field
        "x\r\nHTTP/1.1 200 OK\r\nServer: a\r\n\r\n",           // no length
        "--b\r\nContent-Type: application/http\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "--b\r\nContent-Type: Application/HTTP\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
        "0\r\n\r\n"));

}  // namespace
}  // namespace spanwire::protocol::http1
