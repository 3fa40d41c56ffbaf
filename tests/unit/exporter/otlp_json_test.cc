// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "agent/exporter/otlp_encoder.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "tests/unit/exporter/test_spans.h"

namespace spanwire::exporter {
namespace {

using nlohmann::json;
namespace otlp = opentelemetry::proto::trace::v1;

std::string Encode(std::unique_ptr<OtlpEncoding> encoding, const std::vector<model::Span>& spans) {
  OtlpEncoder encoder(std::move(encoding));
  for (const model::Span& span : spans) encoder.Add(span);
  return encoder.Finish();
}

std::string Base64OfHex(const std::string& hex) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  uint32_t bits = 0;
  int count = 0;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bits = (bits << 8) | static_cast<uint32_t>(std::stoul(hex.substr(i, 2), nullptr, 16));
    for (count += 8; count >= 6; count -= 6) text += kDigits[(bits >> (count - 6)) & 63];
  }
  if (count > 0) text += kDigits[(bits << (6 - count)) & 63];
  while (text.size() % 4 != 0) text += '=';
  return text;
}

// OTLP writes ids in hex where protobuf's own JSON has base64: the one difference.
void UseBase64Ids(json& span) {
  for (const char* key : {"traceId", "spanId", "parentSpanId"}) {
    if (span.contains(key)) span[key] = Base64OfHex(span[key]);
  }
  if (!span.contains("links")) return;
  for (json& link : span["links"]) UseBase64Ids(link);
}

otlp::TracesData Read(const std::string& text) {
  json document = json::parse(text);
  for (json& resource : document["resourceSpans"]) {
    for (json& span : resource["scopeSpans"][0]["spans"]) UseBase64Ids(span);
  }
  otlp::TracesData traces;
  const auto status = google::protobuf::util::JsonStringToMessage(document.dump(), &traces);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return traces;
}

TEST(OtlpJson, SaysTheSameAsProtobuf) {
  RandomSpans random(11);
  for (int i = 0; i < 300; ++i) {
    std::vector<model::Span> spans;
    for (int j = 0; j < 5; ++j) spans.push_back(random.Next());

    otlp::TracesData expected;
    ASSERT_TRUE(expected.ParseFromString(Encode(MakeProtoEncoding(TestAgent()), spans)));
    const otlp::TracesData actual = Read(Encode(MakeJsonEncoding(TestAgent()), spans));

    google::protobuf::util::MessageDifferencer differencer;
    std::string difference;
    differencer.ReportDifferencesToString(&difference);
    // A status without content is written in JSON, and not in protobuf: equivalent, not equal.
    differencer.set_message_field_comparison(
        google::protobuf::util::MessageDifferencer::EQUIVALENT);
    ASSERT_TRUE(differencer.Compare(expected, actual)) << difference;
  }
}

TEST(OtlpJson, FollowsTheRulesOfOtlp) {
  std::vector<model::Span> spans = MakeSpans(1);
  spans[0].parent_span_id = {1, 2, 3, 4, 5, 6, 7, 0xff};
  spans[0].status = model::StatusCode::kError;
  spans[0].parent_is_remote = true;
  spans[0].events.push_back({.name = "interim", .time_unix_ns = 5});
  spans[0].links.push_back({.trace_id = {1}, .span_id = {2}});

  const std::string line = Encode(MakeJsonEncoding(TestAgent()), spans);
  const json document = json::parse(line);

  EXPECT_EQ(line.find('\n'), std::string::npos);
  const json& span = document["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
  EXPECT_EQ(span["traceId"], "4bf92f3577b34da60102030405060708");
  EXPECT_EQ(span["spanId"], "00f067aa0ba90000");
  EXPECT_EQ(span["parentSpanId"], "01020304050607ff");
  EXPECT_EQ(span["kind"], 2);
  EXPECT_EQ(span["startTimeUnixNano"], "1700000100000000000");
  EXPECT_EQ(span["status"]["code"], 2);
  EXPECT_EQ(span["flags"], 0x300);
  EXPECT_EQ(span["events"][0]["timeUnixNano"], "5");
  EXPECT_EQ(span["links"][0]["traceId"], "01000000000000000000000000000000");
  EXPECT_EQ(span["links"][0]["spanId"], "0200000000000000");
  EXPECT_EQ(span["links"][0]["flags"], 0x100);
  EXPECT_EQ(span["attributes"][4]["key"], "http.response.status_code");
  EXPECT_EQ(span["attributes"][4]["value"]["intValue"], "200");
}

TEST(OtlpJson, WritesNumbersThatJsonDoesNotHave) {
  std::vector<model::Span> spans = MakeSpans(1);
  spans[0].attributes.Clear();
  spans[0].attributes.SetDouble("nan", std::numeric_limits<double>::quiet_NaN());
  spans[0].attributes.SetDouble("more", std::numeric_limits<double>::infinity());
  spans[0].attributes.SetDouble("less", -std::numeric_limits<double>::infinity());
  spans[0].attributes.SetDouble("tenth", 0.1);

  const json document = json::parse(Encode(MakeJsonEncoding(TestAgent()), spans));

  const json& attributes = document["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"];
  EXPECT_EQ(attributes[0]["value"]["doubleValue"], "NaN");
  EXPECT_EQ(attributes[1]["value"]["doubleValue"], "Infinity");
  EXPECT_EQ(attributes[2]["value"]["doubleValue"], "-Infinity");
  EXPECT_EQ(attributes[3]["value"]["doubleValue"], 0.1);
}

}  // namespace
}  // namespace spanwire::exporter
