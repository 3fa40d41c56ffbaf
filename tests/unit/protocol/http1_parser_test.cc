// SPDX-License-Identifier: Apache-2.0
// HTTP/1 as tables of wire bytes; each case is run whole and in every split.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/protocol/http1_splits.h"

namespace spanwire::protocol::http1 {
namespace {

using testing::ElementsAre;

struct Case {
  std::string name;
  std::vector<Wire> steps;
  Lines requests;
  Lines responses;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

class Http1Wire : public testing::TestWithParam<Case> {};

TEST_P(Http1Wire, GivesTheSameMessagesInEverySplit) {
  const Outcome outcome = RunEverySplit(GetParam().steps);
  EXPECT_EQ(outcome.requests, GetParam().requests);
  EXPECT_EQ(outcome.responses, GetParam().responses);
}

std::string NameOf(const testing::TestParamInfo<Case>& info) { return info.param.name; }

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";              // 27 bytes
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";  // 40 bytes
const std::string kNoContent = "HTTP/1.1 204 No Content\r\n\r\n";          // 27 bytes
const std::string kGetLine = "0..27 GET path=/ ~host=a";
const std::string kOkLine = "0..40 response status=200 body=2";

INSTANTIATE_TEST_SUITE_P(
    Plain, Http1Wire,
    testing::Values(
        Case{"OneExchange", {Req(kGet), Resp(kOk)}, {kGetLine}, {kOkLine}},
        Case{"KeepAlive",
             {Req(kGet), Resp(kOk), Req(kGet), Resp(kNoContent)},
             {kGetLine, "27..54 GET path=/ ~host=a"},
             {kOkLine, "40..67 response status=204 body=0"}},
        Case{"Pipelined",
             {Req(kGet + "HEAD /b HTTP/1.1\r\n\r\n" + kGet),
              Resp(kOk + "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + kOk)},
             {kGetLine, "27..47 HEAD path=/b", "47..74 GET path=/ ~host=a"},
             {kOkLine, "40..78 response status=200 body=0", "78..118 response status=200 body=2"}},
        Case{"RequestContent",
             {Req("POST /p HTTP/1.1\r\ncontent-length:5\r\n\r\nhello"), Resp(kNoContent)},
             {"0..43 POST path=/p body=5"},
             {"0..27 response status=204 body=0"}},
        Case{"DeclaredEmptyContent",
             {Req("POST /p HTTP/1.1\r\nContent-Length: 0\r\n\r\n"), Resp(kNoContent)},
             {"0..39 POST path=/p body=0"},
             {"0..27 response status=204 body=0"}},
        Case{"OldVersion",
             {Req("GET / HTTP/1.0\r\n\r\n"), Resp("HTTP/1.0 200 OK\r\n\r\nall"),
              End(Flow::kResponses)},
             {"0..18 GET path=/ version=1.0"},
             {"0..22 response status=200 body=3"}},
        Case{"BareLineFeeds",
             {Req("GET / HTTP/1.1\nHost: a\n\n"), Resp("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")},
             {"0..24 GET path=/ ~host=a"},
             {"0..37 response status=200 body=2"}},
        Case{"EmptyLinesBetweenMessages",
             {Req("\r\n\n" + kGet), Resp(kOk + "\r\n"), Req("\r\n" + kGet), Resp(kOk)},
             {"3..30 GET path=/ ~host=a", "32..59 GET path=/ ~host=a"},
             {kOkLine, "42..82 response status=200 body=2"}},
        Case{"NoReasonPhrase",
             {Req(kGet), Resp("HTTP/1.1 200\r\nContent-Length:0\r\n\r\n")},
             {kGetLine},
             {"0..34 response status=200 body=0"}},
        Case{"FoldedField",
             {Req("GET / HTTP/1.1\r\nUser-Agent: a\r\n\t b\r\n  c\r\nHost:\r\n h\r\n\r\n"),
              Resp("HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nok")},
             {"0..54 GET path=/ ~host=h agent=a b c"},
             {"0..42 response status=200 body=2"}},
        Case{"FoldOfAFieldOfNoInterest",
             {Req("GET / HTTP/1.1\r\nAccept: a\r\n Host: no\r\nHost: h\r\n\r\n"), Resp(kOk)},
             {"0..49 GET path=/ ~host=h"},
             {kOkLine}},
        Case{"LinesThatAreNoFields",
             {Req("GET / HTTP/1.1\r\nnonsense\r\n: x\r\nHo st: b\r\nHost: a\r\n\r\n"), Resp(kOk)},
             {"0..52 GET path=/ ~host=a"},
             {kOkLine}},
        Case{"SpacesInTheTarget",
             {Req("GET  /a b  HTTP/1.1 \r\n\r\n"), Resp(kOk)},
             {"0..24 GET path=/a b"},
             {kOkLine}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Targets, Http1Wire,
    testing::Values(Case{"UnknownMethod",
                         {Req("M-SEARCH * HTTP/1.1\r\n\r\n"), Resp(kOk)},
                         {"0..23 HTTP original=M-SEARCH path=*"},
                         {kOkLine}},
                    Case{"MethodsAreCaseSensitive",
                         {Req("get / HTTP/1.1\r\n\r\n"), Resp(kOk)},
                         {"0..18 HTTP original=get path=/"},
                         {kOkLine}},
                    Case{"AbsoluteForm",
                         {Req("GET https://u:p@h:8/x?y=1#z HTTP/1.1\r\nHost: other\r\n\r\n"),
                          Resp(kOk)},
                         {"0..53 GET path=/x query=y=1 scheme=https ~absolute=https "
                          "~user_info=REDACTED:REDACTED ~host=h:8"},
                         {kOkLine}},
                    Case{"AbsoluteFormWithoutPath",
                         {Req("GET http://h HTTP/1.1\r\n\r\n"), Resp(kOk)},
                         {"0..25 GET path=/ ~absolute=http ~host=h"},
                         {kOkLine}},
                    Case{"AsteriskForm",
                         {Req("OPTIONS * HTTP/1.1\r\n\r\n"), Resp(kOk)},
                         {"0..22 OPTIONS path=*"},
                         {kOkLine}},
                    Case{"Query",
                         {Req("GET /a?b=1&token=s3cret&c HTTP/1.1\r\n\r\n"), Resp(kOk)},
                         {"0..38 GET path=/a query=b=1&token=REDACTED&c"},
                         {kOkLine}},
                    Case{"PathParameter",
                         {Req("GET /a;jsessionid=1/b;v=2?q HTTP/1.1\r\n\r\n"), Resp(kOk)},
                         {"0..40 GET path=/a;jsessionid=REDACTED/b;v=2 query=q"},
                         {kOkLine}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Content, Http1Wire,
    testing::Values(
        Case{"Chunked",
             {Req(kGet), Resp("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n\r\n")},
             {kGetLine},
             {"0..72 response status=200 body=6"}},
        Case{"ChunkedBothWays",
             {Req("PUT / HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n"
                  "00a \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n" +
                  kGet),
              Resp("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0;ext\r\nA: b\n\r\n" +
                   kOk)},
             {"0..87 PUT path=/ body=10", "87..114 GET path=/ ~host=a"},
             {"0..61 response status=200 body=0", "61..101 response status=200 body=2"}},
        Case{"UntilClose",
             {Req(kGet), Resp("HTTP/1.1 200 OK\r\n\r\nabc"), Resp("defg"), End(Flow::kResponses)},
             {kGetLine},
             {"0..26 response status=200 body=7"}},
        Case{"UntilCloseOfAnEmptyContent",
             {Req(kGet), Resp("HTTP/1.1 200 OK\r\n\r\n"), End(Flow::kResponses)},
             {kGetLine},
             {"0..19 response status=200 body=0"}},
        Case{"UntilCloseWithCoding",
             {Req(kGet), Resp("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc"),
              End(Flow::kResponses)},
             {kGetLine},
             {"0..47 response status=200 body=3"}},
        Case{"UntilCloseStillOpen",
             {Req(kGet), Resp("HTTP/1.1 200 OK\r\n\r\nabc")},
             {kGetLine},
             {"0..? response status=200"}},
        Case{"CutOffByTheEnd",
             {Req(kGet), Resp("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"),
              End(Flow::kResponses)},
             {kGetLine},
             {"0..? response status=200"}},
        Case{"HeadHasNone",
             {Req("HEAD / HTTP/1.1\r\n\r\n"),
              Resp("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), Req(kGet), Resp(kOk)},
             {"0..19 HEAD path=/", "19..46 GET path=/ ~host=a"},
             {"0..47 response status=200 body=0", "47..87 response status=200 body=2"}},
        Case{"NotModifiedHasNone",
             {Req(kGet + kGet),
              Resp("HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n" + kOk)},
             {kGetLine, "27..54 GET path=/ ~host=a"},
             {"0..49 response status=304 body=0", "49..89 response status=200 body=2"}},
        Case{"AnsweredBeforeItsContentEnded",
             {Req("POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc"),
              Resp("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"), Req("def" + kGet),
              Resp(kOk)},
             {"0..44 POST path=/ body=6", "44..71 GET path=/ ~host=a"},
             {"0..45 response status=413 body=0 client type=413",
              "45..85 response status=200 body=2"}},
        Case{"EqualLengthsAreOne",
             {Req(kGet),
              Resp("HTTP/1.1 200 OK\r\nContent-Length: 2, 02\r\nContent-Length: 2\r\n\r\nok")},
             {kGetLine},
             {"0..63 response status=200 body=2"}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Switching, Http1Wire,
    testing::Values(
        Case{"Continue",
             {Req("PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
              Resp("HTTP/1.1 100 Continue\r\n\r\n"), Req("ab"), Resp(kOk)},
             {"0..61 PUT path=/ body=2"},
             {"0..25 interim status=100", "25..65 response status=200 body=2"}},
        Case{"SeveralInterims",
             {Req("HEAD / HTTP/1.1\r\n\r\n"),
              Resp("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
                   "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n")},
             {"0..19 HEAD path=/"},
             {"0..37 interim status=103", "37..64 interim status=102",
              "64..102 response status=200 body=0"}},
        Case{"Tunnel",
             {Req("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"),
              Resp("HTTP/1.1 200 Established\r\nContent-Length: 5\r\n\r\n"), Req("\x16\x03\x01")},
             {"0..39 CONNECT ~host=h:443", "opaque"},
             {"0..47 response status=200"}},
        Case{"TunnelBytesBeforeTheAnswer",
             {Req("CONNECT h:1 HTTP/1.1\r\n\r\n\x16\x03\x01"), Resp("HTTP/1.1 200 OK\r\n\r\n")},
             {"0..24 CONNECT ~host=h:1", "opaque"},
             {"0..19 response status=200"}},
        Case{"TunnelRefused",
             {Req("CONNECT h:1 HTTP/1.1\r\n\r\n" + kGet),
              Resp("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n" + kOk)},
             {"0..24 CONNECT ~host=h:1", "24..51 GET path=/ ~host=a"},
             {"0..38 response status=403 body=0 client type=403",
              "38..78 response status=200 body=2"}},
        Case{"Upgraded",
             {Req("GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"),
              Resp("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
              Resp("\x81\x05hello")},
             {"0..40 GET path=/ws", "opaque"},
             {"0..56 response status=101"}},
        Case{"UpgradeIgnored",
             {Req("GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n" + kGet), Resp(kOk + kOk)},
             {"0..32 GET path=/", "32..59 GET path=/ ~host=a"},
             {kOkLine, "40..80 response status=200 body=2"}},
        Case{"BytesOfTheNewProtocolBeforeTheAnswer",
             {Req("GET /ws HTTP/1.1\r\nUpgrade: x\r\n\r\n\x01\x02"),
              Resp("HTTP/1.1 101 Switching Protocols\r\n\r\n")},
             {"0..32 GET path=/ws", "opaque"},
             {"0..36 response status=101"}},
        Case{"Outcomes",
             {Req(kGet + kGet + kGet), Resp("HTTP/1.1 500 E\r\nContent-Length:0\r\n\r\n"
                                            "HTTP/1.1 404 E\r\nContent-Length:0\r\n\r\n"
                                            "HTTP/1.1 399 E\r\nContent-Length:0\r\n\r\n")},
             {kGetLine, "27..54 GET path=/ ~host=a", "54..81 GET path=/ ~host=a"},
             {"0..36 response status=500 body=0 client server type=500",
              "36..72 response status=404 body=0 client type=404",
              "72..108 response status=399 body=0"}},
        Case{"AnswerWithoutRequest",
             {Resp("HTTP/1.1 408 Request Time-out\r\nContent-Length: 0\r\n\r\n")},
             {},
             {"0..52 response status=408 body=0 client type=408"}}),
    NameOf);

}  // namespace
}  // namespace spanwire::protocol::http1
