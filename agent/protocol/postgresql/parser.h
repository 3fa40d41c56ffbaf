// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/protocol/parser.h"
#include "agent/protocol/postgresql/requests.h"
#include "agent/protocol/postgresql/responses.h"
#include "agent/protocol/postgresql/session.h"

namespace spanwire::protocol::postgresql {

// Both flows of a connection: see RequestSide and ResponseSide.
class Parser final : public ProtocolParser {
 public:
  explicit Parser(const ParserOptions& options);
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  ParseOutput Parse(const ParseInput& input) override;
  size_t FindBoundary(const ParseInput& input) const override;
  void Reset(Flow flow, size_t waiting) override;

 private:
  Session session_;
  RequestSide requests_;
  ResponseSide responses_;
};

}  // namespace spanwire::protocol::postgresql
