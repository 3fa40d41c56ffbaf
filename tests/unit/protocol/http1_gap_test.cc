// SPDX-License-Identifier: Apache-2.0
// Bytes that were only counted, and bytes that were lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/protocol/http1_splits.h"

namespace spanwire::protocol::http1 {
namespace {

using testing::ElementsAre;

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";              // 27 bytes
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";  // 40 bytes
const std::string kChunkedHead =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";  // 47 bytes
const std::string kGetLine = "0..27 GET path=/ ~host=a";

TEST(Http1Counted, ContentOfKnownLengthNeedsNoBytes) {
  const Outcome outcome =
      RunEverySplit({Req("PUT / HTTP/1.1\r\nContent-Length: 500\r\n\r\nab", 498),
                     Resp("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 600), Resp("x", 399),
                     Req(kGet), Resp(kOk)});
  EXPECT_THAT(outcome.requests,
              ElementsAre("0..539 PUT path=/ body=500", "539..566 GET path=/ ~host=a"));
  EXPECT_THAT(outcome.responses, ElementsAre("0..1041 response status=200 body=1000",
                                             "1041..1081 response status=200 body=2"));
}

TEST(Http1Counted, ContentUntilCloseNeedsNoBytes) {
  const Outcome outcome =
      RunEverySplit({Req(kGet), Resp("HTTP/1.1 200 OK\r\n\r\n", 1000), End(Flow::kResponses)});
  EXPECT_THAT(outcome.responses, ElementsAre("0..1019 response status=200 body=1000"));
}

TEST(Http1Counted, ChunkDataNeedsNoBytes) {
  const Outcome outcome = RunEverySplit({Req(kGet), Resp(kChunkedHead + "64\r\nabc", 97),
                                         Resp("\r\n1\r\nx\r\n0\r\n\r\n"), Req(kGet), Resp(kOk)});
  EXPECT_THAT(outcome.responses, ElementsAre("0..164 response status=200 body=101",
                                             "164..204 response status=200 body=2"));
}

TEST(Http1Counted, ContentStillWantedIsTold) {
  TestConnection connection;
  connection.Feed(Req(kGet));
  connection.Feed(Resp("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nabc"));
  EXPECT_EQ(connection.want_bytes(Flow::kResponses), 999997u);
}

TEST(Http1Counted, ChunkDataStillWantedIsTold) {
  TestConnection connection;
  connection.Feed(Req(kGet));
  connection.Feed(Resp(kChunkedHead + "100\r\nabc"));
  EXPECT_EQ(connection.want_bytes(Flow::kResponses), 253u);
}

// The end of the turn is the end of the only answer that can be under way.
TEST(Http1Counted, ChunksEndWithTheTurnOfTheOnlyExchange) {
  const Outcome outcome = RunWhole(
      {Req(kGet), Resp(kChunkedHead + "5\r\nhe", 500), Resp("more", 20), Req(kGet), Resp(kOk)});
  EXPECT_THAT(outcome.requests, ElementsAre(kGetLine, "27..54 GET path=/ ~host=a"));
  EXPECT_THAT(outcome.responses,
              ElementsAre("0..576 response status=200", "576..616 response status=200 body=2"));
}

TEST(Http1Counted, ChunksEndWithTheStream) {
  const Outcome outcome =
      RunWhole({Req(kGet), Resp(kChunkedHead + "5\r\nhe", 500), End(Flow::kResponses)});
  EXPECT_THAT(outcome.responses, ElementsAre("0..552 response status=200"));
}

TEST(Http1Counted, ChunksOfARequestEndWithItsTurn) {
  const Outcome outcome =
      RunWhole({Req("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 500), Resp(kOk),
                Req(kGet), Resp(kOk)});
  EXPECT_THAT(outcome.requests, ElementsAre("0..546 PUT path=/", "546..573 GET path=/ ~host=a"));
  EXPECT_THAT(outcome.responses,
              ElementsAre("0..40 response status=200 body=2", "40..80 response status=200 body=2"));
}

TEST(Http1Counted, ChunksBeforeTheEndOfTheTurnWait) {
  const Outcome outcome = RunWhole({Req(kGet), Resp(kChunkedHead + "5\r\nhe", 500)});
  EXPECT_THAT(outcome.responses, ElementsAre("0..? response status=200"));
}

TEST(Http1Counted, ChunksOfAPipelineAreLost) {
  const Outcome outcome =
      RunWhole({Req(kGet + kGet), Resp(kChunkedHead + "5\r\nhe", 500), Req(kGet), Resp(kOk)});
  EXPECT_THAT(outcome.responses,
              ElementsAre("0..? response status=200", "lost framing_not_captured",
                          "552..592 response status=200 body=2"));
}

TEST(Http1Counted, ChunksUnderAnUploadAreLost) {
  const Outcome outcome = RunWhole({Req("PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"),
                                    Resp(kChunkedHead + "5\r\nhe", 500), Req("defghi")});
  EXPECT_THAT(outcome.responses,
              ElementsAre("0..? response status=200", "lost framing_not_captured"));
}

// The turn ended in the middle of the answer, because the client sent its next request early.
TEST(Http1Counted, AWrongGuessIsLossNotGarbage) {
  const Outcome outcome = RunWhole({Req(kGet), Resp(kChunkedHead + "5\r\nhe", 500), Req(kGet),
                                    Resp("rest of the content"), Req(kGet), Resp(kOk)});
  EXPECT_THAT(outcome.responses, ElementsAre("0..552 response status=200", "lost wrong_guess",
                                             "571..611 response status=200 body=2"));
}

TEST(Http1Counted, AHeadCutOffEndsWithItsTurn) {
  const std::string cut = "GET /a HTTP/1.1\r\nHost: a\r\nCookie: x";  // 35 bytes
  const Outcome outcome = RunEverySplit(
      {Req(cut, 500), Req("more", 20), Resp("HTTP/1.1 404 No\r\nSet-Coo", 70), Req(kGet), Resp(kOk),
       Req(kGet), Resp("HTTP/1.1 200 OK\r\n", 9), End(Flow::kResponses)});
  EXPECT_THAT(outcome.requests,
              ElementsAre("0..559 GET path=/a ~host=a", "559..586 GET path=/ ~host=a",
                          "586..613 GET path=/ ~host=a"));
  EXPECT_THAT(outcome.responses,
              ElementsAre("0..94 response status=404 client type=404",
                          "94..134 response status=200 body=2", "134..160 response status=200"));
}

TEST(Http1Counted, ATunnelsHeadMayBeCutOff) {
  const Outcome outcome = RunEverySplit(
      {Req("CONNECT h:1 HTTP/1.1\r\n\r\n"), Resp("HTTP/1.1 200 OK\r\nVia: ", 30), Req("x")});
  EXPECT_THAT(outcome.requests, ElementsAre("0..24 CONNECT ~host=h:1", "opaque"));
  EXPECT_THAT(outcome.responses, ElementsAre("0..22 response status=200"));
}

TEST(Http1Counted, AHeadCutOffInAPipelineIsLost) {
  const Outcome outcome =
      RunWhole({Req(kGet + kGet), Resp("HTTP/1.1 200 OK\r\nSet-Coo", 70), Req(kGet), Resp(kOk)});
  EXPECT_THAT(outcome.responses,
              ElementsAre("lost head_not_captured", "94..134 response status=200 body=2"));
  EXPECT_THAT(RunWhole({Req(kGet), Req("GET /a HTTP/1.1\r\nHost", 70)}).requests,
              ElementsAre(kGetLine, "lost head_not_captured"));
}

TEST(Http1Counted, AnInterimHeadCutOffIsLost) {
  EXPECT_THAT(RunWhole({Req(kGet), Resp("HTTP/1.1 103 Early Hints\r\nLink", 70)}).responses,
              ElementsAre("lost head_not_captured"));
}

TEST(Http1Counted, AStartLineMustBeCaptured) {
  EXPECT_THAT(RunWhole({Req("GET / HTTP/1.1", 30), Req(kGet), Resp(kOk)}).requests,
              ElementsAre("lost head_not_captured", "44..71 GET path=/ ~host=a"));
  EXPECT_THAT(RunWhole({Req(kGet), Resp("", 30)}).responses, ElementsAre("lost head_not_captured"));
}

TEST(Http1Counted, AnAnswerJoinedInItsMiddleIsLost) {
  const Outcome outcome = RunWhole({Resp("", 500), Resp("tail of a body"), Req(kGet), Resp(kOk)});
  EXPECT_THAT(outcome.responses,
              ElementsAre("lost head_not_captured", "514..554 response status=200 body=2"));
}

// After a loss nothing that was asked before is answered: the method is not known any more.
TEST(Http1Reset, ForgetsWhatWasAsked) {
  auto parser = MakeParser({});
  const std::string head = "HEAD / HTTP/1.1\r\n\r\n";
  parser->Parse({.flow = Flow::kRequests, .bytes = head, .available = head.size()});
  parser->Reset(Flow::kRequests);
  const ParseOutput output =
      parser->Parse({.flow = Flow::kResponses, .bytes = kOk, .available = kOk.size()});
  EXPECT_EQ(output.status, ParseStatus::kHead);
  EXPECT_EQ(output.consumed, kOk.size());
}

TEST(Http1Reset, LeavesTheOtherFlowsMessageOpen) {
  auto parser = MakeParser({});
  const std::string head = "PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\n";
  parser->Parse({.flow = Flow::kRequests, .bytes = head, .available = head.size()});
  parser->Reset(Flow::kResponses);
  const ParseOutput output =
      parser->Parse({.flow = Flow::kRequests, .bytes = "hello", .available = 5});
  EXPECT_EQ(output.status, ParseStatus::kEnd);
  EXPECT_EQ(output.consumed, 5u);
}

TEST(Http1Reset, EndsTheWaitForATunnel) {
  auto parser = MakeParser({});
  const std::string head = "CONNECT h:1 HTTP/1.1\r\n\r\n";
  parser->Parse({.flow = Flow::kRequests, .bytes = head, .available = head.size()});
  const ParseInput next = {.flow = Flow::kRequests, .bytes = kGet, .available = kGet.size()};
  EXPECT_EQ(parser->Parse(next).status, ParseStatus::kNeedMore);
  parser->Reset(Flow::kResponses);
  EXPECT_EQ(parser->Parse(next).status, ParseStatus::kHead);
}

// The connection room calls Reset() before it drops bytes; were it not to, nothing is read out of
// bounds.
TEST(Http1Reset, AFrontThatShrankIsReadAnew) {
  auto parser = MakeParser({});
  const std::string longer = "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\nAccept: c\r\n";
  const std::string shorter = "GET /b HTTP/1.1\r\n\r\n";
  parser->Parse({.flow = Flow::kRequests, .bytes = longer, .available = longer.size()});
  const ParseOutput output =
      parser->Parse({.flow = Flow::kRequests, .bytes = shorter, .available = shorter.size()});
  EXPECT_EQ(output.status, ParseStatus::kHead);
  EXPECT_EQ(output.consumed, shorter.size());
}

}  // namespace
}  // namespace spanwire::protocol::http1
