// SPDX-License-Identifier: Apache-2.0
// The tracker with the real HTTP/1 parser.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "agent/model/conventions.h"
#include "agent/protocol/registry.h"
#include "tests/unit/connection/wire.h"

namespace spanwire::connection {
namespace {

namespace key = model::key;
using model::ConnectionChange;
using model::Direction;
using model::Ending;

constexpr Nanoseconds kLong = 100'000'000;

std::string Get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a.example\r\n\r\n";
}
std::string Ok(size_t content = 2) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(content) + "\r\n\r\n" +
         std::string(content, 'x');
}

class HttpTracker : public ::testing::Test {
 protected:
  HttpTracker() : wire({}, protocol::Registry()) { wire.Open(); }

  const model::Exchange& At(size_t index) { return wire.log.seen.at(index).exchange; }
  std::string Path(size_t index) {
    return std::string(At(index).request.attributes.Text(key::kUrlPath));
  }
  int64_t Status(size_t index) {
    return At(index).response.attributes.Int(key::kHttpResponseStatusCode, 0);
  }

  Wire wire;
};

TEST_F(HttpTracker, KeepAlive) {
  for (const char* path : {"/1", "/2", "/3"}) {
    wire.Send(Get(path));
    wire.Receive(Ok());
  }
  ASSERT_EQ(wire.log.seen.size(), 3u);
  EXPECT_EQ(Path(2), "/3");
  EXPECT_EQ(Status(2), 200);
  EXPECT_EQ(At(2).response.attributes.Int(key::kHttpResponseBodySize, 0), 2);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST_F(HttpTracker, BudgetKnowsHeadsAndNotContent) {
  for (const char* path : {"/1", "/2"}) {
    wire.Send(Get(path));
    wire.Receive(Ok(3000));
  }
  ASSERT_EQ(wire.policies.sent.size(), 1u);
  EXPECT_EQ(wire.policies.sent[0].second.rx_call_bytes, 512u);
}

TEST_F(HttpTracker, DeepPipeline) {
  std::string requests;
  std::string responses;
  for (int i = 0; i < 64; ++i) {
    requests += Get("/" + std::to_string(i));
    responses += Ok(static_cast<size_t>(i));
  }
  wire.Send(requests);
  for (size_t i = 0; i < responses.size(); i += 100) wire.Receive(responses.substr(i, 100));
  ASSERT_EQ(wire.log.seen.size(), 64u);
  for (size_t i = 0; i < 64; ++i) {
    EXPECT_EQ(Path(i), "/" + std::to_string(i));
    EXPECT_EQ(At(i).response.attributes.Int(key::kHttpResponseBodySize, -1),
              static_cast<int64_t>(i));
  }
}

TEST_F(HttpTracker, OneByteAtATime) {
  for (const char c : Get("/slow")) wire.Send(std::string(1, c));
  for (const char c : Ok(10)) wire.Receive(std::string(1, c));
  ASSERT_EQ(wire.log.seen.size(), 1u);
  EXPECT_EQ(Path(0), "/slow");
  EXPECT_EQ(At(0).ended_ns, wire.now);
}

TEST_F(HttpTracker, ContinueBeforeTheBody) {
  wire.Send("PUT /up HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  wire.Receive("HTTP/1.1 100 Continue\r\n\r\n");
  const Nanoseconds interim = wire.now;
  wire.Send("hello");
  wire.Receive(Ok());
  ASSERT_EQ(wire.log.seen.size(), 1u);
  EXPECT_EQ(At(0).interim_ns, interim);
  EXPECT_EQ(Status(0), 200);
  EXPECT_EQ(At(0).request.attributes.Int(key::kHttpRequestBodySize, 0), 5);
}

TEST_F(HttpTracker, HeadHasNoContent) {
  wire.Send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n");
  wire.Receive("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  wire.Send(Get("/next"));
  wire.Receive(Ok());
  ASSERT_EQ(wire.log.seen.size(), 2u);
  EXPECT_EQ(Path(1), "/next");
}

TEST_F(HttpTracker, HeadAfterALostAnswerStillHasNoContent) {
  wire.Send(Get("/1"));
  wire.LoseReceived(Ok());
  wire.Send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n");
  wire.Receive("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  wire.Send(Get("/next"));
  wire.Receive(Ok());
  wire.Tick(kLong);
  ASSERT_EQ(wire.log.seen.size(), 3u);
  EXPECT_EQ(At(0).ending, Ending::kLost);
  EXPECT_EQ(At(1).ending, Ending::kAnswered);
  EXPECT_EQ(Path(2), "/next");
  EXPECT_EQ(At(2).ending, Ending::kAnswered);
}

TEST_F(HttpTracker, ChunkedContentThatWasOnlyCountedEndsWithItsTurn) {
  wire.Send(Get("/big"));
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string body = "1000\r\n" + std::string(0x1000, 'x') + "\r\n0\r\n\r\n";
  wire.tracker.OnData(wire.Make(Direction::kReceive, head + body, head.size() + 3));
  const Nanoseconds answered = wire.now;
  EXPECT_EQ(wire.log.seen.size(), 0u);
  wire.Send(Get("/next"));
  ASSERT_EQ(wire.log.seen.size(), 1u);
  EXPECT_EQ(At(0).ending, Ending::kAnswered);
  EXPECT_EQ(At(0).ended_ns, answered);
  wire.Receive(Ok());
  EXPECT_EQ(wire.log.seen.size(), 2u);
  EXPECT_EQ(wire.policies.sent.back().second.mode, Policy::Mode::kBudget);
}

TEST_F(HttpTracker, ChunkedContentThatWasOnlyCountedEndsWithTheConnection) {
  wire.Send(Get("/big"));
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string body = "1000\r\n" + std::string(0x1000, 'x') + "\r\n0\r\n\r\n";
  wire.tracker.OnData(wire.Make(Direction::kReceive, head + body, head.size() + 3));
  wire.Change(ConnectionChange::kPeerFin);
  wire.Close();
  ASSERT_EQ(wire.log.seen.size(), 1u);
  EXPECT_EQ(At(0).ending, Ending::kAnswered);
}

TEST_F(HttpTracker, ContentUpToTheClose) {
  wire.Send("GET /old HTTP/1.0\r\n\r\n");
  wire.Receive("HTTP/1.0 200 OK\r\n\r\nabc");
  const Nanoseconds last = wire.now;
  wire.Change(ConnectionChange::kPeerFin);
  wire.ReceiveEof();
  ASSERT_EQ(wire.log.seen.size(), 1u);
  EXPECT_EQ(At(0).ended_ns, last);
  EXPECT_EQ(At(0).response.attributes.Int(key::kHttpResponseBodySize, 0), 3);
}

TEST_F(HttpTracker, UpgradeIsASpanForTheHandshake) {
  wire.Send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
  wire.Receive("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05hello");
  wire.Send("\x81\x85zzzz");
  ASSERT_EQ(wire.log.seen.size(), 1u);
  EXPECT_EQ(At(0).ending, Ending::kAnswered);
  EXPECT_EQ(Status(0), 101);
  EXPECT_EQ(wire.policies.sent.back().second.mode, Policy::Mode::kCount);
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST_F(HttpTracker, TunnelIsASpanForTheHandshake) {
  wire.Send("CONNECT h.example:443 HTTP/1.1\r\nHost: h.example:443\r\n\r\n");
  wire.Receive("HTTP/1.1 200 OK\r\n\r\n");
  wire.Send("\x16\x03\x01");
  ASSERT_EQ(wire.log.seen.size(), 1u);
  EXPECT_EQ(Status(0), 200);
  EXPECT_EQ(wire.policies.sent.back().second.mode, Policy::Mode::kCount);
}

TEST_F(HttpTracker, AmbiguousFramingEndsPairing) {
  wire.Send(
      "POST /s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
      "chunked\r\n\r\n0\r\n\r\n");
  wire.Receive(Ok());
  EXPECT_EQ(wire.log.seen.size(), 0u);
  EXPECT_GT(wire.Dropped(wire.stages.stream, "ambiguous_framing"), 0u);
}

TEST_F(HttpTracker, ServerAnswersBeforeTheBodyEnded) {
  wire.Send("POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome");
  wire.Receive("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n");
  wire.Flag(Direction::kTransmit, SPANWIRE_DATA_ERROR, EPIPE);
  wire.Close(EPIPE);
  ASSERT_EQ(wire.log.seen.size(), 1u);
  EXPECT_EQ(Status(0), 413);
  EXPECT_EQ(At(0).ending, Ending::kAnswered);
}

TEST(HttpJoined, ResynchronisesAtTheNextTurn) {
  Wire wire({}, protocol::Registry());
  wire.LoseSent("POST / HTTP/1.1\r\nContent-Length: 40\r\n\r\n");
  wire.Open(1, true);
  wire.Send("GET /fake HTTP/1.1\r\nHost: x\r\n\r\n12345678");
  wire.Receive(Ok());
  wire.Send(Get("/true"));
  wire.Receive(Ok());
  ASSERT_EQ(wire.log.seen.size(), 1u);
  EXPECT_EQ(wire.log.seen[0].exchange.request.attributes.Text(key::kUrlPath), "/true");
  EXPECT_EQ(wire.Unbalanced(), "");
}

TEST(HttpDetection, TlsIsOnlyCounted) {
  Wire wire({}, protocol::Registry());
  wire.Open();
  wire.Send(std::string("\x16\x03\x01\x02\x00\x01", 6));
  ASSERT_EQ(wire.policies.sent.size(), 1u);
  EXPECT_EQ(wire.policies.sent[0].second.mode, Policy::Mode::kCount);
}

}  // namespace
}  // namespace spanwire::connection
