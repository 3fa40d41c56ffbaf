// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/processor.h"

#include <utility>

namespace spanwire::trace {

ProcessorChain::ProcessorChain(Ledger& ledger, SpanSink& next)
    : stage_(ledger.AddStage("processors", "spans")), next_(next) {}

void ProcessorChain::Add(std::unique_ptr<SpanProcessor> processor) {
  Entry& entry = entries_.emplace_back();
  entry.dropped = &stage_.Drop(processor->name());
  entry.processor = std::move(processor);
}

void ProcessorChain::OnSpan(model::Span& span) {
  stage_.in.Add();
  for (Entry& entry : entries_) {
    if (entry.processor->OnEnd(span) == Verdict::kKeep) continue;
    entry.dropped->Add();
    return;
  }
  stage_.out.Add();
  next_.OnSpan(span);
}

}  // namespace spanwire::trace
