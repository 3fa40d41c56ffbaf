// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "tests/support/parser_connection.h"

namespace spanwire::protocol {

// Cuts the captured bytes of `step` at `at`; what was counted belongs to the last piece.
inline std::vector<Wire> Cut(const Wire& step, size_t at) {
  Wire head = {.flow = step.flow, .bytes = step.bytes.substr(0, at)};
  Wire tail = step;
  tail.bytes = step.bytes.substr(at);
  return {head, tail};
}

// Runs `steps` whole, byte by byte, and each step cut in two at each of its bytes; all must give
// the same.
inline Outcome RunEverySplit(const ProtocolSpec& spec, const std::vector<Wire>& steps) {
  const Outcome whole = RunWhole(spec, steps);
  std::vector<Wire> single_bytes;
  for (size_t i = 0; i < steps.size(); ++i) {
    Wire rest = steps[i];
    while (rest.bytes.size() > 1) {
      auto pieces = Cut(rest, 1);
      single_bytes.push_back(std::move(pieces[0]));
      rest = std::move(pieces[1]);
    }
    single_bytes.push_back(rest);
    for (size_t at = 1; at < steps[i].bytes.size(); ++at) {
      std::vector<Wire> split(steps.begin(), steps.begin() + static_cast<ptrdiff_t>(i));
      std::ranges::move(Cut(steps[i], at), std::back_inserter(split));
      split.insert(split.end(), steps.begin() + static_cast<ptrdiff_t>(i) + 1, steps.end());
      EXPECT_EQ(RunWhole(spec, split), whole) << "step " << i << " cut at " << at;
    }
  }
  EXPECT_EQ(RunWhole(spec, single_bytes), whole) << "byte by byte";
  return whole;
}

}  // namespace spanwire::protocol
