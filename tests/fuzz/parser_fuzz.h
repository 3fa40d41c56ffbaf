// SPDX-License-Identifier: Apache-2.0
#pragma once

// Any bytes on both flows of a connection, in any pieces, with counted bytes between them. The
// parser must end, keep its contract (ParserConnection watches it), and, as long as every byte is
// captured, report the same whatever the pieces are.
//
// The input is a list of steps: a byte that says what (see Op), a byte that says how many, then the
// bytes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/byte_reader.h"
#include "tests/support/parser_connection.h"

namespace spanwire::protocol {

enum Op : uint8_t {
  kFlow = 1,     // bit 0: which flow
  kCounted = 2,  // the bytes are only counted, and 16 times as many
  kLong = 4,     // the size is 16 times as large
  kEnd = 8,      // the flow ends
};

inline std::vector<Wire> ReadSteps(std::string_view input) {
  std::vector<Wire> steps;
  ByteReader reader(input);
  while (auto op = reader.ReadPod<uint8_t>()) {
    const size_t size = reader.ReadPod<uint8_t>().value_or(0) * ((*op & kLong) != 0 ? 16 : 1);
    Wire step = {.flow = (*op & kFlow) != 0 ? Flow::kResponses : Flow::kRequests, .bytes = {}};
    step.end = (*op & kEnd) != 0;
    if ((*op & kCounted) != 0) {
      step.counted = size * 16;
    } else {
      step.bytes = reader.ReadText(std::min(size, reader.remaining())).value_or("");
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

inline std::vector<Wire> ByteByByte(const std::vector<Wire>& steps) {
  std::vector<Wire> bytes;
  for (const Wire& step : steps) {
    for (const char c : step.bytes)
      bytes.push_back({.flow = step.flow, .bytes = std::string(1, c)});
    if (step.end) bytes.push_back(End(step.flow));
  }
  return bytes;
}

inline void Require(bool condition) {
  if (!condition) __builtin_trap();
}

inline bool EndsInvalid(const Lines& lines) {
  return !lines.empty() && lines.back().starts_with("invalid");
}

// Bytes that are not of the protocol end both flows. How far the other one had come by then depends
// on the pieces, and so does which one ends first when both go wrong.
inline bool Same(const ParserConnection& a, const ParserConnection& b) {
  const auto same = [&](Flow flow) { return a.LinesOf(flow) == b.LinesOf(flow); };
  const bool bad_requests = EndsInvalid(a.LinesOf(Flow::kRequests));
  const bool bad_responses = EndsInvalid(a.LinesOf(Flow::kResponses));
  if (bad_requests && EndsInvalid(b.LinesOf(Flow::kResponses))) return true;
  if (bad_responses && EndsInvalid(b.LinesOf(Flow::kRequests))) return true;
  if (bad_requests) return same(Flow::kRequests);
  if (bad_responses) return same(Flow::kResponses);
  return same(Flow::kRequests) && same(Flow::kResponses);
}

inline void FuzzParser(const ProtocolSpec& spec, std::string_view input) {
  spec.detect(input);
  const std::vector<Wire> steps = ReadSteps(input);
  ParserConnection whole(spec);
  bool counted = false;
  for (const Wire& step : steps) {
    whole.Feed(step);
    counted |= step.counted > 0;
  }
  Require(!whole.violated());
  if (counted || whole.lost()) return;

  ParserConnection pieces(spec);
  for (const Wire& byte : ByteByByte(steps)) pieces.Feed(byte);
  Require(!pieces.violated());
  Require(Same(whole, pieces));
}

}  // namespace spanwire::protocol
