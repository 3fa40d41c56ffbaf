// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "agent/base/time.h"
#include "agent/model/message.h"
#include "agent/model/span.h"
#include "agent/trace/facts.h"

namespace spanwire::trace {

// Fills spans from exchanges: kind, name, status, times and attributes, by the OpenTelemetry
// semantic conventions. Ids and parents are TraceStage's.
class SpanBuilder {
 public:
  // `span` is empty. Takes over exchange.process and the request's name.
  void Fill(model::Exchange& exchange, const ClockAnchor& anchor, model::Span& span);

 private:
  void AddMessages(const model::Exchange& exchange, model::AttributeList& attributes);
  void AddClient(const model::Exchange& exchange, model::AttributeList& attributes);
  void AddUrlFull(std::string_view scheme, const model::Exchange& exchange,
                  model::AttributeList& attributes);
  void AddServer(const model::Exchange& exchange, model::AttributeList& attributes) const;

  RequestFacts facts_;
  std::string url_;
};

}  // namespace spanwire::trace
