// SPDX-License-Identifier: Apache-2.0
// What a span costs in the trace room.
#include <benchmark/benchmark.h>

#include <memory>
#include <utility>

#include "agent/base/ledger.h"
#include "agent/trace/processor.h"
#include "agent/trace/redactor.h"
#include "agent/trace/trace_stage.h"
#include "tests/unit/trace/exchange_maker.h"

namespace spanwire::trace {
namespace {

class NoSpans final : public SpanSink {
 public:
  void OnSpan(model::Span& span) override { count += span.attributes.size(); }
  uint64_t count = 0;
};

// A client's and its server's exchange of one request on this host: two spans, joined.
void BM_JoinedPair(benchmark::State& state) {
  Ledger ledger;
  NoSpans sink;
  ProcessorChain chain(ledger, sink);
  if (state.range(0) != 0) chain.Add(std::make_unique<Redactor>());
  TraceStage stage(ledger.AddStage("span", "spans"), chain);
  const model::Connection client = ClientEnd();
  const model::Connection server = ServerEnd();
  model::Exchange sent = MakeExchange(client);
  model::Exchange received = MakeExchange(server);
  const auto process = sent.process;
  uint32_t sequence = 0;
  for (auto _ : state) {
    sent.request_at.sequence = received.request_at.sequence = ++sequence;
    sent.process = received.process = process;
    stage.OnRequest(sent);
    stage.OnRequest(received);
    stage.OnExchange(received);
    stage.OnExchange(sent);
  }
  state.SetItemsProcessed(2 * state.iterations());
  benchmark::DoNotOptimize(sink.count);
}
BENCHMARK(BM_JoinedPair)->Arg(0)->Arg(1);

}  // namespace
}  // namespace spanwire::trace
