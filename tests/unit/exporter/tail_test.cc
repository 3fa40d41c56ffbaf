// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/tail.h"

#include <gtest/gtest.h>
#include <pty.h>

#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/unit/exporter/pipe.h"
#include "tests/unit/exporter/test_spans.h"

namespace spanwire::exporter {
namespace {

constexpr std::chrono::milliseconds kLong = std::chrono::seconds(20);

class Tail : public testing::Test {
 protected:
  Tail() {
    setenv("TZ", "UTC", 1);
    tzset();
  }
};

std::optional<std::string> NoEnvironment(const char* /*name*/) { return std::nullopt; }

std::string Row(const model::Span& span, RowLayout layout = {}) {
  std::string row;
  AppendRow(span, layout, row);
  return row;
}

model::Span ClientSpan() {
  model::Span span = MakeSpan(7, MakeProcess(77, "curl"));
  span.kind = model::SpanKind::kClient;
  span.attributes.Clear();
  span.attributes.Set("http.request.method", "POST");
  span.attributes.Set("url.full", "http://shop.example:8080/cart?id=3");
  span.attributes.Set("server.address", "shop.example");
  span.attributes.SetInt("server.port", 8080);
  span.attributes.SetInt("http.response.status_code", 503);
  span.attributes.SetInt("http.request.body.size", 20'480);
  span.attributes.SetInt("http.response.body.size", 0);
  span.attributes.Set("error.type", "503");
  span.status = model::StatusCode::kError;
  return span;
}

TEST_F(Tail, ShowsARequestThatCameIn) {
  EXPECT_EQ(Row(MakeSpan(7, MakeProcess(4242, "nginx"))),
            "22:15:00.000 1.240ms   200 in   nginx[4242]          192.0.2.7:40312       "
            "GET /items/7?page=2                   0/1.234k\n");
}

TEST_F(Tail, ShowsARequestThatWentOutAndFailed) {
  EXPECT_EQ(Row(ClientSpan()),
            "22:15:00.000 1.240ms   503 out  curl[77]             shop.example:8080     "
            "POST /cart?id=3                       0/20.48k E\n");
}

TEST_F(Tail, ShowsHowARequestWithoutAnswerEnded) {
  model::Span span = ClientSpan();
  span.attributes.Clear();
  span.name = "POST";
  span.attributes.Set("error.type", "connection_reset");
  span.attributes.Set("network.peer.address", "::1");
  span.attributes.SetInt("network.peer.port", 80);
  span.attributes.Set("spanwire.link.method", "traceparent");
  span.attributes.SetBool("spanwire.connection.joined", true);
  EXPECT_EQ(Row(span),
            "22:15:00.000 1.240ms   ERR out  curl[77]             [::1]:80              "
            "POST                                         - ETJ connection_reset\n");
}

TEST_F(Tail, ShowsWhatADatabaseReported) {
  model::Span span = ClientSpan();
  span.attributes.Clear();
  span.name = "SELECT orders";
  span.attributes.Set("db.system.name", "postgresql");
  span.attributes.Set("server.address", "db");
  span.attributes.SetInt("server.port", 5432);
  span.attributes.Set("db.response.status_code", "42P01");
  span.attributes.Set("error.type", "42P01");
  EXPECT_EQ(Row(span),
            "22:15:00.000 1.240ms 42P01 out  curl[77]             db:5432               "
            "SELECT orders                                - E\n");
  span.attributes.Set("db.response.status_code", "WRONGTYPE");
  span.attributes.Set("error.type", "WRONGTYPE");
  EXPECT_EQ(Row(span),
            "22:15:00.000 1.240ms   ERR out  curl[77]             db:5432               "
            "SELECT orders                                - E WRONGTYPE\n");
  span.status = model::StatusCode::kUnset;
  span.attributes.Set("error.type", "");
  EXPECT_EQ(Row(span),
            "22:15:00.000 1.240ms    OK out  curl[77]             db:5432               "
            "SELECT orders                                -\n");
}

TEST_F(Tail, NeverWrapsOnATerminal) {
  model::Span span = ClientSpan();
  span.attributes.Set("url.full", "http://x/" + std::string(500, 'a') + "\u65e5\u672c/end");
  span.attributes.Set("server.address", std::string(80, 'h'));
  span.attributes.Set("error.type", "something_long_happened");
  for (const size_t columns : {80u, 111u, 112u, 149u, 150u, 220u}) {
    const std::string row = Row(span, {.columns = columns});
    EXPECT_LE(DisplayWidth(row.substr(0, row.size() - 1)), columns) << row;
    EXPECT_NE(row.find("[77]"), std::string::npos) << row;
    std::string header;
    AppendHeader({.columns = columns}, header);
    EXPECT_EQ(header.find("OPERATION"), DisplayWidth(row.substr(0, row.find("POST"))))
        << header << row;
  }
}

TEST_F(Tail, NeverCutsElsewhere) {
  model::Span span = ClientSpan();
  span.attributes.Set("url.full", "http://x/" + std::string(5000, 'a'));
  EXPECT_NE(Row(span).find(std::string(5000, 'a')), std::string::npos);
}

TEST_F(Tail, ColorsOnlyWhenToldAndResets) {
  EXPECT_EQ(Row(ClientSpan()).find('\x1b'), std::string::npos);
  const std::string row = Row(ClientSpan(), {.color = true});
  EXPECT_NE(row.find("\x1b[31m  503 \x1b[0m"), std::string::npos) << row;
}

// Whatever the wire says, a line is one line and obeys only us.
TEST_F(Tail, KeepsTheWireFromTheTerminal) {
  RandomSpans random(3);
  for (int i = 0; i < 500; ++i) {
    model::Span span = random.Next();
    span.attributes.Set("http.request.method", "GE\x1b[31mT");
    span.attributes.Set("url.path", "/\r\n\x1b]0;title\x07\xc2\x9b\xff" + span.name);
    span.attributes.Set("network.peer.address", "a\x1b[2J");
    for (const std::string& line : {Row(span), [&] {
                                      std::string json;
                                      AppendRequestJson(span, json);
                                      return json;
                                    }()}) {
      ASSERT_EQ(line.find('\n'), line.size() - 1);
      for (size_t j = 0; j + 1 < line.size(); ++j) {
        const auto byte = static_cast<uint8_t>(line[j]);
        ASSERT_FALSE(byte < 0x20 || byte == 0x7f) << line;
        if (byte == 0xc2) ASSERT_GE(static_cast<uint8_t>(line[j + 1]), 0xa0) << line;
      }
    }
  }
}

TEST_F(Tail, WritesJson) {
  std::string text;
  AppendRequestJson(ClientSpan(), text);
  const auto request = nlohmann::json::parse(text);
  EXPECT_EQ(request["schema"], "spanwire.request/1");
  EXPECT_EQ(request["time"], "2023-11-14T22:15:00.000000007Z");
  EXPECT_EQ(request["duration_ns"], 1'240'000);
  EXPECT_EQ(request["side"], "out");
  EXPECT_EQ(request["kind"], "client");
  EXPECT_EQ(request["service"], "curl");
  EXPECT_EQ(request["pid"], 77);
  EXPECT_EQ(request["peer"], "shop.example:8080");
  EXPECT_EQ(request["operation"], "POST /cart?id=3");
  EXPECT_EQ(request["status"], "error");
  EXPECT_EQ(request["status_code"], 503);
  EXPECT_EQ(request["error_type"], "503");
  EXPECT_EQ(request["in_bytes"], 0);
  EXPECT_EQ(request["out_bytes"], 20480);
  EXPECT_EQ(request["trace_id"], "4bf92f3577b34da60102030405060708");
  EXPECT_FALSE(request.contains("parent_span_id"));
  EXPECT_EQ(request["attributes"]["server.port"], 8080);
}

TEST_F(Tail, WritesFourDigits) {
  EXPECT_EQ(FormatDuration(0), "0ns");
  EXPECT_EQ(FormatDuration(999), "999ns");
  EXPECT_EQ(FormatDuration(1'000), "1.000us");
  EXPECT_EQ(FormatDuration(12'345), "12.35us");
  EXPECT_EQ(FormatDuration(999'949), "999.9us");
  EXPECT_EQ(FormatDuration(999'960), "1.000ms");
  EXPECT_EQ(FormatDuration(123'456'789), "123.5ms");
  EXPECT_EQ(FormatDuration(1'500'000'000), "1.500s");
  EXPECT_EQ(FormatDuration(3'600'000'000'000), "60.00m");
  EXPECT_EQ(FormatDuration(86'400'000'000'000), "24.00h");
  EXPECT_EQ(FormatSize(-1), "-");
  EXPECT_EQ(FormatSize(999), "999");
  EXPECT_EQ(FormatSize(1'024), "1.024k");
  EXPECT_EQ(FormatSize(5'000'000), "5.000M");
  EXPECT_EQ(FormatSize(1'234'567'890), "1.235G");
}

TEST_F(Tail, PrintsNoHeaderAndNoColorIntoAPipe) {
  Pipe pipe;
  Stage stage("exporter/tail", "spans");
  {
    TailExporter tail(std::move(pipe.writer), {}, stage, NoEnvironment);
    EXPECT_TRUE(tail.Export(MakeSpans(3)));
    EXPECT_TRUE(tail.Shutdown(kLong));
  }
  std::istringstream lines(pipe.ReadAll());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_EQ(line.find("22:15:00"), 0u);
  EXPECT_EQ(count, 3);
  EXPECT_EQ(stage.out.Get(), 3u);
}

TEST_F(Tail, PrintsAHeaderAndColorsOnATerminal) {
  int primary = -1;
  int replica = -1;
  const winsize size{.ws_row = 24, .ws_col = 120, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(openpty(&primary, &replica, nullptr, nullptr, &size), 0);
  const UniqueFd terminal(primary);
  Stage stage("exporter/tail", "spans");
  TailExporter tail(UniqueFd(replica), {}, stage, NoEnvironment);
  EXPECT_TRUE(tail.Export(MakeSpans(1)));
  EXPECT_TRUE(tail.Shutdown(kLong));

  std::array<char, 4096> bytes{};
  const ssize_t count = read(terminal.get(), bytes.data(), bytes.size());
  ASSERT_GT(count, 0);
  const std::string text(bytes.data(), static_cast<size_t>(count));
  EXPECT_EQ(text.find("TIME"), 0u) << text;
  EXPECT_NE(text.find("\x1b[32m"), std::string::npos) << text;
}

TEST_F(Tail, ClosesQuietlyWithItsReader) {
  Pipe pipe;
  pipe.reader.Reset();
  Stage stage("exporter/tail", "spans");
  TailExporter tail(std::move(pipe.writer), {}, stage, NoEnvironment);
  EXPECT_TRUE(tail.Export(MakeSpans(2)));
  EXPECT_TRUE(tail.Shutdown(kLong));
  EXPECT_TRUE(tail.closed());
  EXPECT_EQ(stage.Drop("closed").Get(), 2u);
  EXPECT_TRUE(stage.Balanced());
}

}  // namespace
}  // namespace spanwire::exporter
