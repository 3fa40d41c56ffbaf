// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "agent/trace/processor.h"

namespace spanwire::trace {

// The second line of defence against secrets in spans: whatever the parsers let pass, no string
// attribute leaves with a bearer token, basic credentials, a JWT, an AWS access key, userinfo in a
// URL or the value of a query parameter whose name says that it is secret.
class Redactor final : public SpanProcessor {
 public:
  Verdict OnEnd(model::Span& span) override;
  std::string_view name() const override { return "redactor"; }

 private:
  std::string scratch_;
};

}  // namespace spanwire::trace
