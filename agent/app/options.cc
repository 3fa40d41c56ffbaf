// SPDX-License-Identifier: Apache-2.0
#include "agent/app/options.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "agent/app/flag_values.h"
#include "agent/app/values.h"
#include "spanwire/abi.h"

namespace spanwire::app {
namespace {

constexpr uint64_t kMaxRingBytes = uint64_t{1} << 30;
constexpr uint64_t kMaxCaptureBytes = uint64_t{16} << 20;
constexpr uint64_t kMaxShards = 64;
constexpr uint64_t kMinMemoryBytes = uint64_t{1} << 20;
constexpr uint64_t kMaxPid = uint64_t{1} << 22;  // PID_MAX_LIMIT of 64-bit Linux
constexpr size_t kMaxComm = SPANWIRE_COMM - 1;
constexpr std::chrono::milliseconds kMinStatsInterval{100};

template <typename T>
using Choices = std::span<const std::pair<std::string_view, T>>;

constexpr std::array<std::pair<std::string_view, protocol::QueryText>, 3> kQueryTexts{
    {{"normalized", protocol::QueryText::kNormalized},
     {"raw", protocol::QueryText::kRaw},
     {"off", protocol::QueryText::kOff}}};
constexpr std::array<std::pair<std::string_view, OutputFormat>, 3> kOutputFormats{
    {{"text", OutputFormat::kText}, {"json", OutputFormat::kJson}, {"", OutputFormat::kText}}};
constexpr std::array<std::pair<std::string_view, ColorMode>, 3> kColorModes{
    {{"auto", ColorMode::kAuto}, {"always", ColorMode::kAlways}, {"never", ColorMode::kNever}}};
constexpr std::array<std::pair<std::string_view, FileFormat>, 2> kFileFormats{
    {{"json", FileFormat::kJson}, {"proto", FileFormat::kProto}}};
constexpr std::array<std::pair<std::string_view, std::optional<int>>, 4> kTiers{
    {{"auto", std::nullopt}, {"1", 1}, {"2", 2}, {"3", 3}}};
constexpr std::array<std::pair<std::string_view, bool>, 2> kOnOff{{{"on", true}, {"off", false}}};
constexpr std::array<std::pair<std::string_view, bool>, 3> kProtocols{
    {{"grpc", true}, {"http/protobuf", true}, {"http/json", true}}};
constexpr std::array<std::pair<std::string_view, bool>, 2> kCompressions{
    {{"gzip", true}, {"none", true}}};

// Reads values and remembers the first error, so that its caller can list the fields without
// pausing after each.
class OptionReader {
 public:
  explicit OptionReader(const FlagValues& values) : values_(values) {}

  const std::optional<Error>& error() const { return error_; }

  const std::string& Text(std::string_view name) const { return values_.find(name)->second.text; }

  void Fail(std::string_view name, std::string_view why) {
    if (error_) return;
    error_ = Error{values_.find(name)->second.source + ": " + std::string(why)};
  }

  // The value of a parse, or a zero of its type when it failed.
  template <typename T>
  T Take(std::string_view name, Result<T> parsed) {
    if (parsed) return *parsed;
    Fail(name, parsed.error().message);
    return T{};
  }

  std::chrono::milliseconds Time(std::string_view name) {
    return Take(name, ParseDuration(Text(name)));
  }

  uint64_t Number(std::string_view name, NumberRange range) {
    return Take(name, ParseNumber(Text(name), range));
  }

  template <typename T>
  T Choice(std::string_view name, Choices<T> choices) {
    std::string accepted;
    for (const auto& [text, value] : choices) {
      if (text == Text(name)) return value;
      if (!text.empty()) accepted += (accepted.empty() ? "" : ", ") + std::string(text);
    }
    Fail(name, '"' + Text(name) + "\" is not one of " + accepted);
    return T{};
  }

  // A size in [low, high].
  uint64_t Size(std::string_view name, NumberRange range) {
    const uint64_t size = Take(name, ParseSize(Text(name)));
    if (error_) return 0;
    if (size < range.low || size > range.high) {
      Fail(name, '"' + Text(name) + "\" is not between " + std::to_string(range.low) + " and " +
                     std::to_string(range.high) + " bytes");
    }
    return size;
  }

  std::vector<std::string> List(std::string_view name) {
    auto list = SplitList(Text(name));
    if (list.size() > SPANWIRE_MAX_FILTERS) {
      Fail(name, "at most " + std::to_string(SPANWIRE_MAX_FILTERS) + " values, not " +
                     std::to_string(list.size()));
    }
    return list;
  }

  template <typename T>
  std::vector<T> Numbers(std::string_view name, NumberRange range) {
    std::vector<T> numbers;
    for (const auto& text : List(name)) {
      numbers.push_back(static_cast<T>(Take(name, ParseNumber(text, range))));
    }
    return numbers;
  }

 private:
  const FlagValues& values_;
  std::optional<Error> error_;
};

FilterOptions ReadFilters(OptionReader& reader) {
  FilterOptions filters;
  filters.ports = reader.Numbers<uint16_t>("port", {1, std::numeric_limits<uint16_t>::max()});
  filters.pids = reader.Numbers<uint32_t>("pid", {1, kMaxPid});
  for (const auto& comm : reader.List("comm")) filters.comms.push_back(comm.substr(0, kMaxComm));
  return filters;
}

CaptureOptions ReadCapture(OptionReader& reader) {
  CaptureOptions capture;
  capture.filters = ReadFilters(reader);
  capture.tier = reader.Choice<std::optional<int>>("tier", kTiers);
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t ring = reader.Size("ring-size", {page, kMaxRingBytes});
  if (!std::has_single_bit(ring)) {
    reader.Fail("ring-size", '"' + reader.Text("ring-size") + "\" is not a power of two");
  }
  capture.ring_size_bytes = static_cast<uint32_t>(ring);
  capture.capture_size_bytes =
      static_cast<uint32_t>(reader.Size("capture-bytes", {1, kMaxCaptureBytes}));
  capture.datagrams = reader.Choice<bool>("datagrams", kOnOff);
  capture.root_path = reader.Text("proc-root");
  return capture;
}

PipelineOptions ReadPipeline(OptionReader& reader) {
  PipelineOptions pipeline;
  pipeline.memory_limit_bytes =
      reader.Size("memory-limit", {kMinMemoryBytes, std::numeric_limits<int64_t>::max()});
  pipeline.shards = static_cast<uint32_t>(reader.Number("shards", {0, kMaxShards}));
  pipeline.request_timeout = reader.Time("request-timeout");
  if (pipeline.request_timeout.count() == 0) {
    reader.Fail("request-timeout", "must be more than 0: else a lost request stays open for ever");
  }
  pipeline.idle_timeout = reader.Time("idle-timeout");
  pipeline.db_query_text = reader.Choice<protocol::QueryText>("db-query-text", kQueryTexts);
  return pipeline;
}

// A URL with a scheme that the exporter speaks, or host:port, which gRPC allows.
void CheckEndpoint(OptionReader& reader, std::string_view endpoint) {
  const bool clean = std::ranges::all_of(endpoint, [](char c) { return c > ' ' && c != '\x7f'; });
  const size_t scheme_end = endpoint.find("://");
  const std::string_view scheme = endpoint.substr(0, scheme_end);
  const bool plain = scheme_end == std::string_view::npos;
  if (clean && (plain || scheme == "http" || scheme == "https")) return;
  reader.Fail("otlp-endpoint", '"' + std::string(endpoint) +
                                   "\" is not a URL of a collector; write e.g. "
                                   "http://localhost:4318 or https://collector.example:4317");
}

std::optional<std::string> Given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

ExportOptions ReadExports(OptionReader& reader) {
  ExportOptions exports;
  exports.otlp_file = reader.Text("otlp-file");
  exports.otlp_file_format = reader.Choice<FileFormat>("otlp-file-format", kFileFormats);
  exports.otlp_endpoint = Given(reader.Text("otlp-endpoint"));
  exports.otlp_protocol = Given(reader.Text("otlp-protocol"));
  exports.otlp_compression = Given(reader.Text("otlp-compression"));
  if (exports.otlp_endpoint) CheckEndpoint(reader, *exports.otlp_endpoint);
  if (exports.otlp_protocol) reader.Choice<bool>("otlp-protocol", kProtocols);
  if (exports.otlp_compression) reader.Choice<bool>("otlp-compression", kCompressions);
  return exports;
}

void CheckStdout(OptionReader& reader, const Options& options) {
  if (options.verb != Verb::kTail || options.exports.otlp_file != "-") return;
  reader.Fail("otlp-file", "tail writes its lines to stdout; name a file, or use daemon");
}

void ReadOutput(OptionReader& reader, Options& options) {
  if (options.verb == Verb::kRecord) {
    options.recording_path = reader.Text("output");
    if (options.recording_path.empty()) {
      reader.Fail("output", "record needs the file to write, e.g. `spanwire record -o FILE`");
    }
  } else {
    options.output.format = reader.Choice<OutputFormat>("output", kOutputFormats);
  }
  options.output.color = reader.Choice<ColorMode>("color", kColorModes);
  options.output.limit = reader.Number("limit", {0, std::numeric_limits<uint64_t>::max()});
  options.run_for = reader.Time("for");
}

void ReadStats(OptionReader& reader, StatsOptions& stats) {
  stats.path = reader.Text("stats-file");
  stats.interval = reader.Time("stats-interval");
  if (stats.interval < kMinStatsInterval) {
    reader.Fail("stats-interval", '"' + reader.Text("stats-interval") + "\" is less than 100ms");
  }
}

}  // namespace

Result<Options> BuildOptions(Verb verb, const FlagValues& values) {
  OptionReader reader(values);
  Options options;
  options.verb = verb;
  options.capture = ReadCapture(reader);
  options.pipeline = ReadPipeline(reader);
  options.exports = ReadExports(reader);
  ReadOutput(reader, options);
  ReadStats(reader, options.stats);
  CheckStdout(reader, options);
  if (reader.error()) return *reader.error();
  return options;
}

}  // namespace spanwire::app
