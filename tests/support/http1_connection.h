// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "agent/protocol/http1/http1.h"
#include "tests/support/parser_connection.h"

namespace spanwire::protocol::http1 {

class TestConnection : public ParserConnection {
 public:
  TestConnection() : ParserConnection(kSpec) {}
};

inline Outcome RunWhole(const std::vector<Wire>& steps) { return protocol::RunWhole(kSpec, steps); }

}  // namespace spanwire::protocol::http1
