// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>

#include "agent/base/utf8.h"
#include "agent/exporter/otlp_encoder.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "tests/unit/exporter/test_spans.h"

namespace spanwire::exporter {
namespace {

namespace otlp = opentelemetry::proto::trace::v1;
using opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
using opentelemetry::proto::common::v1::AnyValue;
using opentelemetry::proto::common::v1::KeyValue;

// Encodes with ours, decodes with protobuf's.
class Encoder {
 public:
  void Add(const model::Span& span) { encoder_.Add(span); }

  ExportTraceServiceRequest Decode() {
    ExportTraceServiceRequest request;
    bytes_ = encoder_.Finish();
    EXPECT_TRUE(request.ParseFromString(bytes_));
    return request;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  OtlpEncoder encoder_{MakeProtoEncoding(TestAgent())};
  std::string bytes_;
};

otlp::Span EncodeOne(const model::Span& span) {
  Encoder encoder;
  encoder.Add(span);
  return encoder.Decode().resource_spans(0).scope_spans(0).spans(0);
}

template <typename Id>
std::string Bytes(const Id& id) {
  return {id.begin(), id.end()};
}

void ExpectValue(const AnyValue& actual, const model::AttributeList::View& expected) {
  switch (expected.type) {
    case model::AttributeList::Type::kString:
      ASSERT_TRUE(actual.has_string_value());
      EXPECT_EQ(actual.string_value(), ReplaceInvalidUtf8(expected.text));
      return;
    case model::AttributeList::Type::kInt:
      ASSERT_TRUE(actual.has_int_value());
      EXPECT_EQ(actual.int_value(), expected.integer);
      return;
    case model::AttributeList::Type::kDouble:
      ASSERT_TRUE(actual.has_double_value());
      EXPECT_EQ(actual.double_value(), expected.number);
      return;
    case model::AttributeList::Type::kBool:
      ASSERT_TRUE(actual.has_bool_value());
      EXPECT_EQ(actual.bool_value(), expected.integer != 0);
      return;
  }
}

void ExpectSpan(const otlp::Span& actual, const model::Span& expected) {
  EXPECT_EQ(actual.trace_id(), Bytes(expected.trace_id));
  EXPECT_EQ(actual.span_id(), Bytes(expected.span_id));
  EXPECT_EQ(actual.parent_span_id(),
            model::IsZero(expected.parent_span_id) ? "" : Bytes(expected.parent_span_id));
  EXPECT_EQ(actual.trace_state(), ReplaceInvalidUtf8(expected.trace_state));
  EXPECT_EQ(actual.name(), ReplaceInvalidUtf8(expected.name));
  EXPECT_EQ(static_cast<int>(actual.kind()), static_cast<int>(expected.kind));
  EXPECT_EQ(actual.start_time_unix_nano(), expected.start_unix_ns);
  EXPECT_EQ(actual.end_time_unix_nano(), expected.end_unix_ns);
  EXPECT_EQ(static_cast<int>(actual.status().code()), static_cast<int>(expected.status));
  EXPECT_EQ(actual.status().message(), ReplaceInvalidUtf8(expected.status_message));
  EXPECT_EQ(actual.flags(),
            0x100u | (expected.parent_is_remote ? 0x200u : 0u) | expected.trace_flags);
  ASSERT_EQ(static_cast<size_t>(actual.attributes_size()), expected.attributes.size());
  for (int i = 0; i < actual.attributes_size(); ++i) {
    const auto view = expected.attributes.at(static_cast<size_t>(i));
    EXPECT_EQ(actual.attributes(i).key(), ReplaceInvalidUtf8(view.key));
    ExpectValue(actual.attributes(i).value(), view);
  }
  ASSERT_EQ(static_cast<size_t>(actual.events_size()), expected.events.size());
  for (int i = 0; i < actual.events_size(); ++i) {
    const model::SpanEvent& event = expected.events[static_cast<size_t>(i)];
    EXPECT_EQ(actual.events(i).name(), event.name);
    EXPECT_EQ(actual.events(i).time_unix_nano(), event.time_unix_ns);
  }
  ASSERT_EQ(static_cast<size_t>(actual.links_size()), expected.links.size());
  for (int i = 0; i < actual.links_size(); ++i) {
    const model::SpanLink& link = expected.links[static_cast<size_t>(i)];
    EXPECT_EQ(actual.links(i).trace_id(), Bytes(link.trace_id));
    EXPECT_EQ(actual.links(i).span_id(), Bytes(link.span_id));
    EXPECT_EQ(actual.links(i).flags(), 0x100u);
  }
}

TEST(OtlpProto, WritesEveryFieldOfAnySpan) {
  RandomSpans random(7);
  for (int i = 0; i < 2000; ++i) {
    const model::Span span = random.Next();
    ExpectSpan(EncodeOne(span), span);
    if (HasFailure()) FAIL() << "span " << i;
  }
}

// The canonical encoding, byte for byte, so nothing is doubled, padded or out of order.
TEST(OtlpProto, WritesWhatProtobufWouldWrite) {
  RandomSpans random(8);
  for (int i = 0; i < 300; ++i) {
    Encoder encoder;
    for (int j = 0; j < 5; ++j) encoder.Add(random.Next());
    EXPECT_EQ(encoder.Decode().SerializeAsString(), encoder.bytes());
  }
}

TEST(OtlpProto, KeepsOneResourcePerProcessAndTheOrderWithin) {
  const auto first = MakeProcess(1, "one");
  const auto second = MakeProcess(2, "two");
  Encoder encoder;
  for (uint64_t i = 0; i < 10; ++i) encoder.Add(MakeSpan(i, i % 3 == 0 ? first : second));

  const ExportTraceServiceRequest request = encoder.Decode();

  ASSERT_EQ(request.resource_spans_size(), 2);
  std::map<std::string, std::vector<uint64_t>> starts;
  for (const auto& resource : request.resource_spans()) {
    ASSERT_EQ(resource.scope_spans_size(), 1);
    EXPECT_EQ(resource.schema_url(), "https://opentelemetry.io/schemas/1.44.0");
    EXPECT_EQ(resource.scope_spans(0).schema_url(), resource.schema_url());
    EXPECT_EQ(resource.scope_spans(0).scope().name(), "spanwire");
    EXPECT_EQ(resource.scope_spans(0).scope().version(), "0.1.0");
    ASSERT_EQ(resource.resource().attributes(0).key(), "service.name");
    auto& list = starts[resource.resource().attributes(0).value().string_value()];
    for (const auto& span : resource.scope_spans(0).spans()) {
      list.push_back(span.start_time_unix_nano() - 1'700'000'100'000'000'000);
    }
  }
  EXPECT_EQ(starts["one"], (std::vector<uint64_t>{0, 3, 6, 9}));
  EXPECT_EQ(starts["two"], (std::vector<uint64_t>{1, 2, 4, 5, 7, 8}));
}

TEST(OtlpEncoder, StartsAnotherMessageAfterFinish) {
  const auto process = MakeProcess(1, "one");
  OtlpEncoder encoder(MakeProtoEncoding(TestAgent()));
  encoder.Add(MakeSpan(1, process));
  const std::string first = encoder.Finish();
  EXPECT_EQ(encoder.span_count(), 0u);
  EXPECT_EQ(encoder.size_bytes(), 0u);

  encoder.Add(MakeSpan(1, process));
  EXPECT_EQ(encoder.span_count(), 1u);
  EXPECT_EQ(encoder.Finish(), first);
}

TEST(OtlpEncoder, TellsItsSizeWithoutTheEnvelope) {
  OtlpEncoder encoder(MakeProtoEncoding(TestAgent()));
  for (const model::Span& span : MakeSpans(200)) encoder.Add(span);
  const size_t told = encoder.size_bytes();
  const size_t real = encoder.Finish().size();
  EXPECT_LE(told, real);
  EXPECT_LT(real - told, 300u);
}

TEST(OtlpEncoder, SurvivesMoreProcessesThanItKeeps) {
  Encoder encoder;
  for (uint32_t round = 0; round < 3; ++round) {
    for (uint32_t pid = 1; pid <= 400; ++pid) {
      encoder.Add(MakeSpan(pid, MakeProcess(pid, "s" + std::to_string(pid))));
    }
    const ExportTraceServiceRequest request = encoder.Decode();
    ASSERT_EQ(request.resource_spans_size(), 400);
    EXPECT_EQ(request.resource_spans(399).resource().attributes(0).value().string_value(), "s400");
  }
}

}  // namespace
}  // namespace spanwire::exporter
