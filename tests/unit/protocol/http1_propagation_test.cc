// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/propagation.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "agent/model/span.h"

namespace spanwire::protocol::http1 {
namespace {

using Lines = std::vector<std::pair<std::string_view, std::string_view>>;

model::TraceContext Parse(const Lines& lines) {
  PropagationFields fields;
  for (const auto& [name, value] : lines) TakePropagation(name, value, fields);
  model::TraceContext context;
  ParsePropagation(fields, context);
  return context;
}

void ExpectContext(const model::TraceContext& context, std::string_view source,
                   std::string_view trace, std::string_view span, int flags) {
  ASSERT_TRUE(context.valid);
  EXPECT_EQ(context.source, source);
  EXPECT_EQ(model::ToHex(context.trace_id), trace);
  EXPECT_EQ(model::ToHex(context.span_id), span);
  EXPECT_EQ(context.flags, flags);
}

constexpr std::string_view kTrace = "80f198ee56343ba864fe8b2a57d3eff7";
constexpr std::string_view kSpan = "e457b5a2e4d86bd1";

TEST(Propagation, B3Single) {
  const std::string ids = std::string(kTrace) + "-" + std::string(kSpan);
  ExpectContext(Parse({{"b3", ids}}), "b3", kTrace, kSpan, 1);
  ExpectContext(Parse({{"B3", ids + "-0"}}), "b3", kTrace, kSpan, 0);
  ExpectContext(Parse({{"b3", ids + "-d"}}), "b3", kTrace, kSpan, 1);
  ExpectContext(Parse({{"b3", ids + "-1-05e3ac9a4f6e3b90"}}), "b3", kTrace, kSpan, 1);
}

TEST(Propagation, B3Of64Bits) {
  ExpectContext(Parse({{"b3", "64fe8b2a57d3eff7-e457b5a2e4d86bd1"}}), "b3",
                "000000000000000064fe8b2a57d3eff7", kSpan, 1);
}

TEST(Propagation, B3SingleWinsOverMulti) {
  ExpectContext(Parse({{"x-b3-traceid", "00000000000000aa"},
                       {"x-b3-spanid", "00000000000000bb"},
                       {"b3", "64fe8b2a57d3eff7-e457b5a2e4d86bd1"}}),
                "b3", "000000000000000064fe8b2a57d3eff7", kSpan, 1);
}

TEST(Propagation, B3Multi) {
  ExpectContext(Parse({{"X-B3-TraceId", kTrace}, {"X-B3-SpanId", kSpan}, {"X-B3-Sampled", "1"}}),
                "b3", kTrace, kSpan, 1);
  ExpectContext(Parse({{"X-B3-TraceId", kTrace}, {"X-B3-SpanId", kSpan}, {"X-B3-Sampled", "0"}}),
                "b3", kTrace, kSpan, 0);
  ExpectContext(
      Parse({{"X-B3-TraceId", kTrace}, {"X-B3-SpanId", kSpan}, {"X-B3-Sampled", "false"}}), "b3",
      kTrace, kSpan, 0);
  ExpectContext(Parse({{"X-B3-TraceId", kTrace}, {"X-B3-SpanId", kSpan}, {"X-B3-Flags", "1"}}),
                "b3", kTrace, kSpan, 1);
}

TEST(Propagation, Datadog) {
  ExpectContext(Parse({{"x-datadog-trace-id", "7277407061855694839"},
                       {"x-datadog-parent-id", "16453819474850114513"},
                       {"x-datadog-sampling-priority", "2"},
                       {"x-datadog-tags", "_dd.p.dm=-4,_dd.p.tid=80f198ee56343ba8"}}),
                "datadog", kTrace, kSpan, 1);
  ExpectContext(Parse({{"x-datadog-trace-id", "7277407061855694839"},
                       {"x-datadog-parent-id", "16453819474850114513"},
                       {"x-datadog-sampling-priority", "-1"}}),
                "datadog", "000000000000000064fe8b2a57d3eff7", kSpan, 0);
}

TEST(Propagation, Jaeger) {
  const std::string ids = std::string(kTrace) + ":" + std::string(kSpan);
  ExpectContext(Parse({{"uber-trace-id", ids + ":0:1"}}), "jaeger", kTrace, kSpan, 1);
  ExpectContext(Parse({{"uber-trace-id", ids + ":5e3ac9a4f6e3b90:0"}}), "jaeger", kTrace, kSpan, 0);
  ExpectContext(Parse({{"Uber-Trace-Id", "ab:c:0:3"}}), "jaeger",
                "000000000000000000000000000000ab", "000000000000000c", 1);
}

TEST(Propagation, XRay) {
  ExpectContext(
      Parse({{"X-Amzn-Trace-Id",
              "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"}}),
      "xray", "5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8", 1);
  ExpectContext(Parse({{"X-Amzn-Trace-Id",
                        "Self=1-67891234-12456789abcdef012345678;Sampled=0; "
                        "Parent=53995c3f42cd8ad8;Root=1-5759e988-bd862e3fe1be46a994272793"}}),
                "xray", "5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8", 0);
}

TEST(Propagation, OrderAmongFormats) {
  const Lines lines{{"uber-trace-id", "ab:c:0:1"},
                    {"x-datadog-trace-id", "1"},
                    {"x-datadog-parent-id", "2"},
                    {"b3", "64fe8b2a57d3eff7-e457b5a2e4d86bd1"}};
  EXPECT_EQ(Parse(lines).source, "b3");
  EXPECT_EQ(Parse({lines[0], lines[1], lines[2]}).source, "datadog");
}

class NoContext : public ::testing::TestWithParam<Lines> {};

TEST_P(NoContext, IsNotMadeUp) { EXPECT_FALSE(Parse(GetParam()).valid); }

INSTANTIATE_TEST_SUITE_P(
    Broken, NoContext,
    ::testing::Values(
        Lines{}, Lines{{"b3", "0"}}, Lines{{"b3", "64fe8b2a57d3eff7"}},
        Lines{{"b3", "64fe8b2a57d3eff-e457b5a2e4d86bd1"}},
        Lines{{"b3", "64fe8b2a57d3eff7-e457b5a2e4d86bd"}},
        Lines{{"b3", "g4fe8b2a57d3eff7-e457b5a2e4d86bd1"}},
        Lines{{"b3", "0000000000000000-e457b5a2e4d86bd1"}},
        Lines{{"b3", "64fe8b2a57d3eff7-0000000000000000"}}, Lines{{"x-b3-traceid", kTrace}},
        Lines{{"x-b3-traceid", kTrace}, {"x-b3-spanid", ""}}, Lines{{"x-datadog-trace-id", "12"}},
        Lines{{"x-datadog-trace-id", "12x"}, {"x-datadog-parent-id", "1"}},
        Lines{{"x-datadog-trace-id", "18446744073709551616"}, {"x-datadog-parent-id", "1"}},
        Lines{{"x-datadog-trace-id", "0"}, {"x-datadog-parent-id", "1"}},
        Lines{{"uber-trace-id", "::::"}}, Lines{{"uber-trace-id", "ab"}},
        Lines{{"uber-trace-id", "abz:c:0:1"}},
        Lines{{"uber-trace-id", "0123456789012345678901234567890123:1:0:1"}},
        Lines{{"x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793"}},
        Lines{{"x-amzn-trace-id",
               "Root=1-5759e988bbd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8"}},
        Lines{{"x-amzn-trace-id",
               "Root=2-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8"}},
        Lines{{"x-amzn-trace-id", ";;=;Root=;Parent="}}));

TEST(Propagation, TheFirstOfRepeatedFieldsCounts) {
  EXPECT_EQ(
      model::ToHex(Parse({{"uber-trace-id", "1:2:0:1"}, {"uber-trace-id", "3:4:0:1"}}).span_id),
      "0000000000000002");
}

TEST(Propagation, RequestIdsHaveTwoNames) {
  PropagationFields fields;
  TakePropagation("X-Correlation-ID", "abc", fields);
  TakePropagation("X-Request-Id", "def", fields);
  EXPECT_EQ(fields.request_id, "abc");
}

}  // namespace
}  // namespace spanwire::protocol::http1
