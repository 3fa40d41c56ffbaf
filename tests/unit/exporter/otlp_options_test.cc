// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/otlp_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace spanwire::exporter {
namespace {

using std::chrono_literals::operator""ms;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

using Variables = std::map<std::string, std::string>;

Result<OtlpSettings> Read(const Variables& variables, const OtlpOverrides& overrides = {}) {
  return OtlpOptionsFromEnvironment(
      [&](const char* name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
      },
      overrides);
}

// With an endpoint, which switches the exporter on.
OtlpSettings ReadWith(Variables variables) {
  variables.try_emplace("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318");
  auto settings = Read(variables);
  EXPECT_TRUE(settings) << settings.error().message;
  return *settings;
}

std::string UrlOf(const Variables& variables) {
  const auto settings = Read(variables);
  return settings ? settings->options.url : settings.error().message;
}

constexpr const char* kGrpcMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

TEST(OtlpOptions, ExportsOnlyWhenAsked) {
  EXPECT_FALSE(Read({})->enabled);
  EXPECT_FALSE(Read({{"OTEL_EXPORTER_OTLP_ENDPOINT", ""}})->enabled);
  EXPECT_TRUE(Read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}})->enabled);
  EXPECT_TRUE(Read({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:4318"}})->enabled);
  EXPECT_TRUE(Read({{"OTEL_TRACES_EXPORTER", "otlp"}})->enabled);
  EXPECT_TRUE(Read({}, {.endpoint = "http://c:4318"})->enabled);
}

TEST(OtlpOptions, ObeysTheSwitchesOfTheSdk) {
  const Variables endpoint = {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}};
  Variables disabled = endpoint;
  disabled["OTEL_SDK_DISABLED"] = "TRUE";
  EXPECT_FALSE(Read(disabled)->enabled);
  Variables none = endpoint;
  none["OTEL_TRACES_EXPORTER"] = "none";
  EXPECT_FALSE(Read(none)->enabled);

  const auto flag = Read(disabled, {.endpoint = "http://c:4318"});
  EXPECT_TRUE(flag->enabled);
  EXPECT_THAT(flag->warnings, ElementsAre(HasSubstr("OTEL_SDK_DISABLED")));
}

TEST(OtlpOptions, WarnsOfExportersItDoesNotHave) {
  const auto settings = Read({{"OTEL_TRACES_EXPORTER", "zipkin, otlp"}});
  EXPECT_TRUE(settings->enabled);
  EXPECT_THAT(settings->warnings, ElementsAre(HasSubstr("zipkin")));
}

TEST(OtlpOptions, HasTheDefaultsOfTheSpecification) {
  const OtlpSettings settings = *Read({{"OTEL_TRACES_EXPORTER", "otlp"}});
  EXPECT_EQ(settings.options.url, "http://localhost:4318/v1/traces");
  EXPECT_EQ(settings.options.protocol, OtlpProtocol::kHttpProtobuf);
  EXPECT_EQ(settings.options.compression, Compression::kNone);
  EXPECT_EQ(settings.options.timeout, 10'000ms);
  EXPECT_EQ(settings.options.max_batch_spans, 512u);
  EXPECT_EQ(UrlOf({{"OTEL_TRACES_EXPORTER", "otlp"}, {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}}),
            std::string("http://localhost:4317") + kGrpcMethod);
}

TEST(OtlpOptions, AddsThePathToTheBaseEndpoint) {
  const auto url = [](const char* endpoint) {
    return UrlOf({{"OTEL_EXPORTER_OTLP_ENDPOINT", endpoint}});
  };
  EXPECT_EQ(url("http://c:4318"), "http://c:4318/v1/traces");
  EXPECT_EQ(url("http://c:4318/"), "http://c:4318/v1/traces");
  EXPECT_EQ(url("https://c/otlp"), "https://c/otlp/v1/traces");
  EXPECT_EQ(url("HTTP://c/otlp/"), "http://c/otlp/v1/traces");
  EXPECT_EQ(url("http://c/v1/traces"), "http://c/v1/traces");
  EXPECT_EQ(url("http://[::1]:4318?key=1"), "http://[::1]:4318/v1/traces?key=1");
}

TEST(OtlpOptions, UsesTheEndpointForTracesAsItIs) {
  const auto url = [](const char* endpoint) {
    return UrlOf({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint},
                  {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://other:1"}});
  };
  EXPECT_EQ(url("http://c:4318"), "http://c:4318/");
  EXPECT_EQ(url("http://c:4318/own"), "http://c:4318/own");
  EXPECT_EQ(url("http://c:4318/own/?a=b"), "http://c:4318/own/?a=b");
}

TEST(OtlpOptions, InfersGrpcFromItsPort) {
  const auto settings = Read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317"}});
  EXPECT_EQ(settings->options.protocol, OtlpProtocol::kGrpc);
  EXPECT_EQ(settings->options.url, std::string("http://c:4317") + kGrpcMethod);
  EXPECT_EQ(Read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317"},
                  {"OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"}})
                ->options.protocol,
            OtlpProtocol::kHttpProtobuf);
  EXPECT_EQ(Read({}, {.endpoint = "http://c:4317"})->options.protocol, OtlpProtocol::kGrpc);
  EXPECT_EQ(Read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:14317"}})->options.protocol,
            OtlpProtocol::kHttpProtobuf);
}

TEST(OtlpOptions, EncryptsGrpcUnlessToldOtherwise) {
  Variables variables = {{"OTEL_EXPORTER_OTLP_ENDPOINT", "c:4317"}};
  EXPECT_EQ(UrlOf(variables), std::string("https://c:4317") + kGrpcMethod);
  variables["OTEL_EXPORTER_OTLP_INSECURE"] = "true";
  EXPECT_EQ(UrlOf(variables), std::string("http://c:4317") + kGrpcMethod);
  variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = "https://c:4317/path";
  EXPECT_EQ(UrlOf(variables), std::string("https://c:4317") + kGrpcMethod);
}

TEST(OtlpOptions, RefusesAnEndpointThatCannotWork) {
  for (const char* endpoint :
       {"c:4318", "ftp://c", "http://", "http://:4318", "http://a b", "http://u@", "http://c\n"}) {
    const auto settings = Read({{"OTEL_EXPORTER_OTLP_ENDPOINT", endpoint}});
    EXPECT_FALSE(settings) << endpoint;
    EXPECT_FALSE(Read({}, {.endpoint = endpoint, .protocol = "http/json"})) << endpoint;
  }
}

TEST(OtlpOptions, ReadsEveryProtocolInAnyCase) {
  const auto protocol = [](const char* name) {
    return ReadWith({{"OTEL_EXPORTER_OTLP_PROTOCOL", name}}).options.protocol;
  };
  EXPECT_EQ(protocol("grpc"), OtlpProtocol::kGrpc);
  EXPECT_EQ(protocol("HTTP/Protobuf"), OtlpProtocol::kHttpProtobuf);
  EXPECT_EQ(protocol("http/json"), OtlpProtocol::kHttpJson);
}

TEST(OtlpOptions, TheFormForTracesWins) {
  const OtlpOptions options = ReadWith({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
                                        {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"},
                                        {"OTEL_EXPORTER_OTLP_COMPRESSION", "none"},
                                        {"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"},
                                        {"OTEL_EXPORTER_OTLP_TIMEOUT", "1"},
                                        {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2"},
                                        {"OTEL_EXPORTER_OTLP_HEADERS", "a=1"},
                                        {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2"},
                                        {"OTEL_EXPORTER_OTLP_CERTIFICATE", "/a"},
                                        {"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "/b"},
                                        {"OTEL_EXPORTER_OTLP_CLIENT_KEY", "/k"},
                                        {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/c"}})
                                  .options;
  EXPECT_EQ(options.protocol, OtlpProtocol::kHttpJson);
  EXPECT_EQ(options.compression, Compression::kGzip);
  EXPECT_EQ(options.timeout, 2ms);
  EXPECT_THAT(options.headers, ElementsAre(Pair("b", "2")));
  EXPECT_EQ(options.certificate, "/b");
  EXPECT_EQ(options.client_key, "/k");
  EXPECT_EQ(options.client_certificate, "/c");
}

TEST(OtlpOptions, DecodesHeaders) {
  const OtlpSettings settings = ReadWith(
      {{"OTEL_EXPORTER_OTLP_HEADERS", " Authorization = Basic%20YTpi , x-tenant=7,empty=,"}});
  EXPECT_THAT(settings.options.headers, ElementsAre(Pair("authorization", "Basic YTpi"),
                                                    Pair("x-tenant", "7"), Pair("empty", "")));
  EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST(OtlpOptions, RefusesHeadersThatWouldInjectAndTellsNoSecret) {
  for (const char* headers :
       {"a=hush%0d%0ab: c", "hush", "a b=hush", "=hush", "a=hush%4", "a=hush%zz"}) {
    const OtlpSettings settings = ReadWith({{"OTEL_EXPORTER_OTLP_HEADERS", headers}});
    EXPECT_THAT(settings.options.headers, IsEmpty()) << headers;
    EXPECT_THAT(settings.warnings,
                ElementsAre(testing::AllOf(HasSubstr("OTEL_EXPORTER_OTLP_HEADERS"),
                                           Not(HasSubstr("hush")))));
  }
}

TEST(OtlpOptions, WarnsAndGoesOnWithTheDefault) {
  const OtlpSettings settings = ReadWith({{"OTEL_EXPORTER_OTLP_PROTOCOL", "carrier-pigeon"},
                                          {"OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"},
                                          {"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"},
                                          {"OTEL_EXPORTER_OTLP_INSECURE", "yes"},
                                          {"OTEL_BSP_SCHEDULE_DELAY", "-1"},
                                          {"OTEL_BSP_MAX_QUEUE_SIZE", "0"}});
  EXPECT_EQ(settings.options.protocol, OtlpProtocol::kHttpProtobuf);
  EXPECT_EQ(settings.options.compression, Compression::kNone);
  EXPECT_EQ(settings.options.timeout, 10'000ms);
  EXPECT_EQ(settings.options.schedule_delay, 1'000ms);
  EXPECT_EQ(settings.options.max_queue_spans, 65'536u);
  EXPECT_EQ(settings.warnings.size(), 6u);
}

TEST(OtlpOptions, ReadsTheBatchProcessorsVariables) {
  const OtlpSettings settings = ReadWith({{"OTEL_BSP_SCHEDULE_DELAY", "250"},
                                          {"OTEL_BSP_EXPORT_TIMEOUT", "3000"},
                                          {"OTEL_BSP_MAX_QUEUE_SIZE", "100"},
                                          {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "500"}});
  EXPECT_EQ(settings.options.schedule_delay, 250ms);
  EXPECT_EQ(settings.options.timeout, 3'000ms);
  EXPECT_EQ(settings.options.max_queue_spans, 100u);
  EXPECT_EQ(settings.options.max_batch_spans, 100u);
  EXPECT_THAT(settings.warnings, ElementsAre(HasSubstr("OTEL_BSP_MAX_EXPORT_BATCH_SIZE")));
}

TEST(OtlpOptions, ATimeoutOfZeroIsNone) {
  EXPECT_EQ(ReadWith({{"OTEL_EXPORTER_OTLP_TIMEOUT", "0"}}).options.timeout, 0ms);
  EXPECT_EQ(ReadWith({{"OTEL_EXPORTER_OTLP_TIMEOUT", "0"}, {"OTEL_BSP_EXPORT_TIMEOUT", "7"}})
                .options.timeout,
            7ms);
}

TEST(OtlpOptions, TheCommandLineWins) {
  const auto settings =
      Read({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://env:1/x"},
            {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"}},
           {.endpoint = "http://flag:4318", .protocol = "http/protobuf", .compression = "gzip"});
  EXPECT_EQ(settings->options.compression, Compression::kGzip);
  EXPECT_EQ(settings->options.url, "http://flag:4318/v1/traces");
  EXPECT_EQ(settings->options.protocol, OtlpProtocol::kHttpProtobuf);
}

TEST(OtlpOptions, AWrongProtocolOnTheCommandLineIsAnError) {
  const auto settings = Read({}, {.endpoint = "http://c", .protocol = "http"});
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().message,
            "OTLP protocol \"http\" is unknown: use grpc, http/protobuf or http/json");
}

TEST(OtlpOptions, AWrongCompressionOnTheCommandLineIsAnError) {
  const auto settings = Read({}, {.endpoint = "http://c", .compression = "zstd"});
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().message, "OTLP compression \"zstd\" is unknown: use gzip or none");
}

TEST(OtlpOptions, ShowsNoPassword) {
  EXPECT_EQ(WithoutPassword("http://c:4318/v1/traces"), "http://c:4318/v1/traces");
  EXPECT_EQ(WithoutPassword("https://user:hush@c:1/p?token=hush"), "https://***@c:1/p");
  EXPECT_EQ(WithoutPassword("https://a@b:hush@c/p@q"), "https://***@c/p@q");
  EXPECT_EQ(WithoutPassword("user:hush@c"), "***@c");
  const auto settings = Read({}, {.endpoint = "ftp://user:hush@c"});
  EXPECT_THAT(settings.error().message, Not(HasSubstr("hush")));
}

}  // namespace
}  // namespace spanwire::exporter
