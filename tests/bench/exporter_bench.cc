// SPDX-License-Identifier: Apache-2.0
// What it costs to encode a span (14 attributes, as an HTTP server span has them).
#include <benchmark/benchmark.h>

#include <vector>

#include "agent/exporter/otlp_encoder.h"
#include "agent/exporter/tail_columns.h"
#include "tests/unit/exporter/test_spans.h"

namespace spanwire::exporter {
namespace {

constexpr size_t kBatch = 512;

void Encode(benchmark::State& state, std::unique_ptr<OtlpEncoding> encoding) {
  const std::vector<model::Span> spans = MakeSpans(kBatch);
  OtlpEncoder encoder(std::move(encoding));
  size_t bytes = 0;
  for (auto step : state) {
    for (const model::Span& span : spans) encoder.Add(span);
    const std::string message = encoder.Finish();
    bytes += message.size();
    benchmark::DoNotOptimize(message.data());
  }
  const auto count = static_cast<double>(state.iterations() * kBatch);
  state.SetItemsProcessed(static_cast<int64_t>(count));
  state.counters["bytes_per_span"] = static_cast<double>(bytes) / count;
}

void EncodeProto(benchmark::State& state) { Encode(state, MakeProtoEncoding(TestAgent())); }
BENCHMARK(EncodeProto);

void EncodeJson(benchmark::State& state) { Encode(state, MakeJsonEncoding(TestAgent())); }
BENCHMARK(EncodeJson);

void FormatRow(benchmark::State& state) {
  const model::Span span = MakeSpan(1, MakeProcess(1, "nginx"));
  std::string out;
  for (auto step : state) {
    out.clear();
    AppendRow(span, {.columns = 160, .color = true}, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(FormatRow);

}  // namespace
}  // namespace spanwire::exporter
