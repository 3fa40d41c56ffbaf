// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/otlp_file.h"

#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/delimited_message_util.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "tests/unit/exporter/pipe.h"
#include "tests/unit/exporter/test_spans.h"

namespace spanwire::exporter {
namespace {

constexpr std::chrono::milliseconds kLong = std::chrono::seconds(20);

// Exports `batches` to `path`, each as a record of its own, and shuts down.
void Write(const OtlpFileOptions& options, const std::vector<std::vector<model::Span>>& batches,
           Stage& stage) {
  auto exporter = OtlpFileExporter::Open(options, TestAgent(), stage);
  ASSERT_TRUE(exporter) << exporter.error().message;
  for (const auto& batch : batches) {
    EXPECT_TRUE((*exporter)->Export(batch));
    EXPECT_TRUE((*exporter)->Flush());
  }
  EXPECT_TRUE((*exporter)->Shutdown(kLong));
}

// Number of spans in each line.
std::vector<size_t> SpansPerLine(const std::string& text) {
  std::vector<size_t> counts;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto document = nlohmann::json::parse(line, nullptr, false);
    EXPECT_FALSE(document.is_discarded()) << line.substr(0, 80);
    size_t count = 0;
    for (const auto& resource : document["resourceSpans"]) {
      count += resource["scopeSpans"][0]["spans"].size();
    }
    counts.push_back(count);
  }
  return counts;
}

TEST(OtlpFile, WritesALineForEachFlush) {
  const TemporaryFile file;
  Stage stage("exporter/otlp-file", "spans");
  Write({.path = file.path()}, {MakeSpans(3), {}, MakeSpans(1), MakeSpans(10)}, stage);
  const std::string text = file.Read();
  EXPECT_EQ(text.back(), '\n');
  EXPECT_EQ(SpansPerLine(text), (std::vector<size_t>{3, 1, 10}));
  EXPECT_EQ(stage.in.Get(), 14u);
  EXPECT_EQ(stage.out.Get(), 14u);
  EXPECT_TRUE(stage.Balanced());
}

TEST(OtlpFile, CutsLongLinesForReadersWithLimits) {
  const TemporaryFile file;
  Stage stage("exporter/otlp-file", "spans");
  Write({.path = file.path()}, {MakeSpans(5000)}, stage);
  const std::string text = file.Read();
  size_t sum = 0;
  for (const size_t count : SpansPerLine(text)) sum += count;
  EXPECT_EQ(sum, 5000u);
  size_t longest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  EXPECT_LT(longest, 600'000u);
}

TEST(OtlpFile, WritesDelimitedProtobuf) {
  const TemporaryFile file;
  Stage stage("exporter/otlp-file", "spans");
  Write({.path = file.path(), .format = OtlpFileFormat::kProto}, {MakeSpans(3), MakeSpans(200)},
        stage);

  const std::string bytes = file.Read();
  google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  std::vector<int> counts;
  while (true) {
    opentelemetry::proto::trace::v1::TracesData traces;
    bool clean_end = false;
    if (!google::protobuf::util::ParseDelimitedFromZeroCopyStream(&traces, &stream, &clean_end)) {
      EXPECT_TRUE(clean_end);
      break;
    }
    counts.push_back(traces.resource_spans(0).scope_spans(0).spans_size());
  }
  EXPECT_EQ(counts, (std::vector<int>{3, 200}));
}

TEST(OtlpFile, AppendsAndEndsALineThatWasTorn) {
  const TemporaryFile file;
  Stage stage("exporter/otlp-file", "spans");
  Write({.path = file.path()}, {MakeSpans(1)}, stage);
  std::ofstream(file.path(), std::ios::app) << "{\"torn";
  Write({.path = file.path()}, {MakeSpans(2)}, stage);

  std::istringstream lines(file.Read());
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);) all.push_back(line);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[1], "{\"torn");
  EXPECT_EQ(SpansPerLine(all[2]), (std::vector<size_t>{2}));
}

TEST(OtlpFile, SameSpansGiveTheSameBytes) {
  const TemporaryFile first;
  const TemporaryFile second;
  Stage stage("exporter/otlp-file", "spans");
  Write({.path = first.path()}, {MakeSpans(300), MakeSpans(20)}, stage);
  Write({.path = second.path()}, {MakeSpans(300), MakeSpans(20)}, stage);
  EXPECT_EQ(first.Read(), second.Read());
}

TEST(OtlpFile, SaysWhichPathCannotBeOpened) {
  Stage stage("exporter/otlp-file", "spans");
  const auto exporter =
      OtlpFileExporter::Open({.path = "/nonexistent/spans.jsonl"}, TestAgent(), stage);
  ASSERT_FALSE(exporter);
  EXPECT_EQ(exporter.error().message,
            "open /nonexistent/spans.jsonl for spans: No such file or directory");
}

}  // namespace
}  // namespace spanwire::exporter
