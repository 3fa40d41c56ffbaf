// SPDX-License-Identifier: Apache-2.0
// What is no HTTP/1, what peers could read in two ways (RFC 9112 §6.3, §11.2), and what is too
// much.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "tests/unit/protocol/http1_splits.h"

namespace spanwire::protocol::http1 {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using namespace std::string_literals;

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kChunkedHead =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";  // 47 bytes

struct Case {
  std::string name;
  std::string bytes;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }
std::string NameOf(const testing::TestParamInfo<Case>& info) { return info.param.name; }

class NoRequest : public testing::TestWithParam<Case> {};
TEST_P(NoRequest, IsInvalid) {
  EXPECT_THAT(RunEverySplit({Req(GetParam().bytes)}).requests, ElementsAre("invalid not_http"));
}
INSTANTIATE_TEST_SUITE_P(
    Bytes, NoRequest,
    testing::Values(Case{"Tls", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n"s},
                    Case{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
                    Case{"Http09", "GET /\r\n"}, Case{"Version2", "GET / HTTP/2.0\r\n\r\n"},
                    Case{"VersionInLowerCase", "GET / http/1.1\r\n\r\n"},
                    Case{"NoTarget", "GET HTTP/1.1\r\n\r\n"},
                    Case{"NoMethod", " / HTTP/1.1\r\n\r\n"}, Case{"OneWord", "QUIT\r\n"},
                    Case{"NulInMethod", "G\0T / HTTP/1.1\r\n\r\n"s},
                    Case{"NulInTarget", "GET /\0 HTTP/1.1\r\n\r\n"s},
                    Case{"CarriageReturnInTarget", "GET /\r HTTP/1.1\r\n\r\n"},
                    Case{"ColonInMethod", "GE:T / HTTP/1.1\r\n\r\n"},
                    Case{"AnAnswer", "HTTP/1.1 200 OK\r\n\r\n"}),
    NameOf);

class NoResponse : public testing::TestWithParam<Case> {};
TEST_P(NoResponse, IsInvalid) {
  EXPECT_THAT(RunEverySplit({Req(kGet), Resp(GetParam().bytes)}).responses,
              ElementsAre("invalid not_http"));
}
INSTANTIATE_TEST_SUITE_P(
    Bytes, NoResponse,
    testing::Values(Case{"Binary", "\0\0\x12\x04\n"s}, Case{"Html", "<html>\n"},
                    Case{"ARequest", "HEAD / HTTP/1.1\r\n\r\n"},
                    Case{"Version2", "HTTP/2 200 OK\r\n\r\n"},
                    Case{"NoCode", "HTTP/1.1 OK\r\n\r\n"},
                    Case{"CodeTooLow", "HTTP/1.1 099 X\r\n\r\n"},
                    Case{"FourDigits", "HTTP/1.1 2000 X\r\n\r\n"},
                    Case{"CarriageReturnInReason", "HTTP/1.1 200 OK\rContent-Length: 5\r\n"},
                    Case{"NegativeCode", "HTTP/1.1 -20 X\r\n\r\n"}),
    NameOf);

class AmbiguousRequest : public testing::TestWithParam<Case> {};
TEST_P(AmbiguousRequest, EndsPairing) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n" + GetParam().bytes + "\r\n\r\n";
  EXPECT_THAT(RunEverySplit({Req(head + "0\r\n\r\n")}).requests,
              ElementsAre("invalid ambiguous_framing"));
}
INSTANTIATE_TEST_SUITE_P(
    Fields, AmbiguousRequest,
    testing::Values(
        Case{"BothWays", "Content-Length: 5\r\nTransfer-Encoding: chunked"},
        Case{"BothWaysTurned", "Transfer-Encoding: chunked\r\nContent-Length: 5"},
        Case{"ChunkedWithABadLength", "Transfer-Encoding: chunked\r\nContent-Length: x"},
        Case{"TwoLengths", "Content-Length: 5\r\nContent-Length: 6"},
        Case{"ListOfLengths", "Content-Length: 5, 6"},
        Case{"TrailingComma", "Content-Length: 5,,5"}, Case{"NegativeLength", "Content-Length: -1"},
        Case{"SignedLength", "Content-Length: +5"}, Case{"HexLength", "Content-Length: 0x5"},
        Case{"NoLength", "Content-Length:"}, Case{"SpaceInLength", "Content-Length: 1 0"},
        Case{"FoldedLength", "Content-Length: 1\r\n 0"},
        Case{"LengthTooLarge", "Content-Length: 9223372036854775808"},
        Case{"LengthOfManyDigits", "Content-Length: 99999999999999999999999999"},
        Case{"NulInLength", "Content-Length: 5\0"s}, Case{"VerticalTab", "Content-Length: \v5"},
        Case{"UnknownCoding", "Transfer-Encoding: xchunked"},
        Case{"UnknownCodingBefore", "Transfer-Encoding: foo, chunked"},
        Case{"Identity", "Transfer-Encoding: identity"},
        Case{"NotChunkedLast", "Transfer-Encoding: chunked, gzip"},
        Case{"ChunkedTwice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"},
        Case{"NeverChunked", "Transfer-Encoding: gzip"}, Case{"NoCoding", "Transfer-Encoding: ,"},
        Case{"CodingWithParameter", "Transfer-Encoding: chunked;q=1"},
        Case{"CodingInQuotes", "Transfer-Encoding: \"chunked\""},
        Case{"CodingAfterVerticalTab", "Transfer-Encoding: \vchunked"},
        Case{"SpaceBeforeColon", "Transfer-Encoding : chunked"},
        Case{"TabBeforeColon", "Content-Length\t: 5"}, Case{"NoColon", "Transfer-Encoding chunked"},
        Case{"NulBeforeName", "\0Transfer-Encoding: chunked"s},
        Case{"ControlAfterName", "X\x01Transfer-Encoding: chunked"},
        Case{"InAFold", "Accept: x\r\n Transfer-Encoding: chunked"},
        Case{"BareCarriageReturn", "Accept: x\rTransfer-Encoding: chunked"},
        Case{"BareCarriageReturnBeforeTheEnd", "Accept: x\r\r\n\r"}),
    NameOf);

TEST(Http1Framing, RefusesTransferEncodingInHttp10) {
  EXPECT_THAT(RunEverySplit({Req("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")})
                  .requests,
              ElementsAre("invalid ambiguous_framing"));
}

TEST(Http1Framing, RefusesAFoldedFramingFieldBeforeAnyOther) {
  EXPECT_THAT(RunEverySplit({Req("GET / HTTP/1.1\r\n Content-Length: 5\r\n\r\nhello")}).requests,
              ElementsAre("invalid ambiguous_framing"));
}

class AmbiguousResponse : public testing::TestWithParam<Case> {};
TEST_P(AmbiguousResponse, EndsPairing) {
  EXPECT_THAT(RunEverySplit({Req(kGet), Resp(GetParam().bytes + "\r\n\r\n0\r\n\r\n")}).responses,
              ElementsAre("invalid ambiguous_framing"));
}
INSTANTIATE_TEST_SUITE_P(
    Fields, AmbiguousResponse,
    testing::Values(Case{"BothWays",
                         "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked"},
                    Case{"OldVersion", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked"},
                    Case{"TwoLengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\ncontent-length: 2"},
                    Case{"BadLength", "HTTP/1.1 200 OK\r\nContent-Length: a"},
                    Case{"UnknownCoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: foo"},
                    Case{"SpaceBeforeColon", "HTTP/1.1 200 OK\r\nContent-Length : 1"},
                    Case{"BareCarriageReturn", "HTTP/1.1 200 OK\r\nA: b\rContent-Length: 5"}),
    NameOf);

class BadChunk : public testing::TestWithParam<Case> {};
TEST_P(BadChunk, EndsPairing) {
  EXPECT_THAT(RunEverySplit({Req(kGet), Resp(kChunkedHead + GetParam().bytes)}).responses,
              ElementsAre("0..? response status=200", "invalid invalid_chunk"));
}
INSTANTIATE_TEST_SUITE_P(Bytes, BadChunk,
                         testing::Values(Case{"NoHex", "g\r\n"}, Case{"Negative", "-5\r\n"},
                                         Case{"NoSize", "\r\n"}, Case{"OnlyExtension", ";a\r\n"},
                                         Case{"HexPrefix", "0x5\r\n"},
                                         Case{"WordAfterSize", "5 5\r\n"},
                                         Case{"LineFeedAfterSize", "5\nhello"},
                                         Case{"LineFeedInExtension", "5;a\nhello"},
                                         Case{"CarriageReturnInExtension", "5;a\rb\r\nhello"},
                                         Case{"LineFeedAfterContent", "5\r\nhello\n"},
                                         Case{"ContentTooLong", "5\r\nhello!\r\n"},
                                         Case{"SizeTooLarge", "8000000000000000\r\n"},
                                         Case{"SizeOfManyDigits", "fffffffffffffffffffffff\r\n"},
                                         Case{"SumTooLarge", "1\r\na\r\n7fffffffffffffff\r\n"},
                                         Case{"NoEmptyLineAtTheEnd", "0\r\n\rx"}),
                         NameOf);

// Feeds `bytes` in pieces of a size that shares no factor with the limits.
Lines FeedInPieces(TestConnection& connection, Flow flow, const std::string& bytes) {
  constexpr size_t kPieceBytes = 997;
  for (size_t at = 0; at < bytes.size(); at += kPieceBytes) {
    connection.Feed({.flow = flow, .bytes = bytes.substr(at, kPieceBytes)});
  }
  return connection.LinesOf(flow);
}

TEST(Http1Limits, AHeadOfAMegabyteEndsPairing) {
  const std::string head = "GET / HTTP/1.1\r\nCookie: " + std::string(1 << 20, 'x') + "\r\n\r\n";
  TestConnection pieces;
  EXPECT_THAT(FeedInPieces(pieces, Flow::kRequests, head), ElementsAre("invalid head_too_large"));
  EXPECT_THAT(RunWhole({Req(head)}).requests, ElementsAre("invalid head_too_large"));
}

TEST(Http1Limits, ManyShortFieldsEndPairing) {
  std::string head = "HTTP/1.1 200 OK\r\n";
  while (head.size() < (1 << 20)) head += "a: b\r\n";
  TestConnection connection;
  connection.Feed(Req(kGet));
  EXPECT_THAT(FeedInPieces(connection, Flow::kResponses, head),
              ElementsAre("invalid head_too_large"));
}

TEST(Http1Limits, AStartLineWithoutEndEndsPairing) {
  TestConnection connection;
  EXPECT_THAT(FeedInPieces(connection, Flow::kRequests, "GET /" + std::string(1 << 17, 'a')),
              ElementsAre("invalid head_too_large"));
}

TEST(Http1Limits, ALargeHeadPasses) {
  const std::string head = "GET / HTTP/1.1\r\nCookie: " + std::string(60000, 'x') + "\r\n\r\n";
  TestConnection connection;
  EXPECT_THAT(FeedInPieces(connection, Flow::kRequests, head), ElementsAre("0..60028 GET path=/"));
}

TEST(Http1Limits, AnEndlessChunkExtensionEndsPairing) {
  TestConnection connection;
  connection.Feed(Req(kGet));
  const Lines lines =
      FeedInPieces(connection, Flow::kResponses, kChunkedHead + "5;" + std::string(1 << 16, 'e'));
  EXPECT_THAT(lines, ElementsAre("0..? response status=200", "invalid invalid_chunk"));
}

TEST(Http1Limits, EndlessTrailersEndPairing) {
  std::string trailers;
  while (trailers.size() < (1 << 17)) trailers += "a: b\r\n";
  TestConnection connection;
  connection.Feed(Req(kGet));
  EXPECT_THAT(FeedInPieces(connection, Flow::kResponses, kChunkedHead + "0\r\n" + trailers),
              ElementsAre("0..? response status=200", "invalid invalid_chunk"));
}

TEST(Http1Limits, EndlessZerosInAChunkSizeEndPairing) {
  TestConnection connection;
  connection.Feed(Req(kGet));
  EXPECT_THAT(FeedInPieces(connection, Flow::kResponses, kChunkedHead + std::string(1 << 16, '0')),
              ElementsAre("0..? response status=200", "invalid invalid_chunk"));
}

TEST(Http1Limits, APipelineOfManyRequestsPasses) {
  constexpr size_t kDepth = 4096;
  TestConnection connection;
  for (size_t i = 0; i < kDepth; ++i)
    connection.Feed(Req(i % 3 == 0 ? "HEAD / HTTP/1.1\r\n\r\n" : kGet));
  for (size_t i = 0; i < kDepth; ++i) {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    connection.Feed(Resp(i % 3 == 0 ? head : head + "ok"));
  }
  const Lines lines = connection.LinesOf(Flow::kResponses);
  ASSERT_EQ(lines.size(), kDepth);
  for (size_t i = 0; i < kDepth; ++i) {
    EXPECT_THAT(lines[i], testing::EndsWith(i % 3 == 0 ? "body=0" : "body=2")) << i;
  }
}

TEST(Http1Limits, ADeeperPipelineEndsPairing) {
  TestConnection connection;
  for (size_t i = 0; i < 4097; ++i) connection.Feed(Req(kGet));
  EXPECT_EQ(connection.LinesOf(Flow::kRequests).back(), "invalid pipeline_too_deep");
}

TEST(Http1Limits, GarbageStaysInvalid) {
  EXPECT_THAT(RunWhole({Req("\x01"), Req(kGet), Resp("HTTP/1.1 200 OK\r\n\r\n")}).responses,
              IsEmpty());
}

}  // namespace
}  // namespace spanwire::protocol::http1
