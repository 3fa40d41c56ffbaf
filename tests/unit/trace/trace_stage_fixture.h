// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include "agent/trace/trace_stage.h"
#include "tests/unit/trace/exchange_maker.h"

namespace spanwire::trace {

// A trace stage whose spans are kept. One tick has passed: wall time is monotonic time and 1 ms.
class TraceStageTest : public ::testing::Test {
 protected:
  TraceStageTest() { stage.OnTick({.monotonic_ns = 0, .wall_ns = 1'000'000}); }
  void Tick(Nanoseconds now) { stage.OnTick({.monotonic_ns = now, .wall_ns = 1'000'000 + now}); }
  void Run(model::Exchange& exchange) {
    stage.OnRequest(exchange);
    stage.OnExchange(exchange);
  }
  const model::Span& Only() {
    EXPECT_EQ(log.spans.size(), 1u);
    return log.spans.at(0);
  }
  void ExpectBalance() {
    for (const auto& entry : ledger.stages()) EXPECT_TRUE(entry->Balanced()) << entry->name();
  }

  Ledger ledger;
  SpanLog log;
  TraceStage stage{ledger.AddStage("span", "spans"), log};
  const model::Connection client = ClientEnd();
  const model::Connection server = ServerEnd();
};

}  // namespace spanwire::trace
