// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tests/support/http1_connection.h"
#include "tests/unit/protocol/parser_splits.h"

namespace spanwire::protocol::http1 {

inline Outcome RunEverySplit(const std::vector<Wire>& steps) {
  return protocol::RunEverySplit(kSpec, steps);
}

}  // namespace spanwire::protocol::http1
