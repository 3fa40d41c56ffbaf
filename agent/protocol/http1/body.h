// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "agent/protocol/http1/chunked.h"
#include "agent/protocol/http1/framing.h"
#include "agent/protocol/parser.h"

namespace spanwire::protocol::http1 {

// The content of the message that is open on a flow: finds its end and counts its bytes.
class Body {
 public:
  enum class Status : uint8_t {
    kNeedMore,
    kConsumed,
    kEnd,
    kMissing,  // a byte of framing was not captured: EndWithTurn() or give up
    kInvalid,
  };
  struct Step {
    Status status = Status::kNeedMore;
    uint64_t consumed = 0;
    uint64_t want_bytes = 0;  // content known to follow
  };

  // Requires a framing that has content.
  void Open(const BodyFraming& framing);
  void Close() { mode_ = Mode::kClosed; }
  bool is_open() const { return mode_ != Mode::kClosed; }

  // Takes what it can of the front. After kEnd the body is closed.
  Step Take(const ParseInput& input);

  // From now on the message ends with the present turn or with the stream.
  void EndWithTurn();
  bool ends_with_turn() const { return with_turn_; }

  // Bytes of content taken. Empty when the body ends, or ended, with its turn: some were framing.
  std::optional<uint64_t> size_bytes() const {
    return with_turn_ ? std::nullopt : std::optional(size_bytes_);
  }

 private:
  enum class Mode : uint8_t { kClosed, kLength, kChunked, kUntilClose, kUntilTurn };

  Step TakeLength(const ParseInput& input);
  Step TakeChunked(const ParseInput& input);
  Step TakeUntilClose(const ParseInput& input);
  Step TakeTurn(const ParseInput& input);
  Step Ended(uint64_t consumed);

  Mode mode_ = Mode::kClosed;
  uint64_t remaining_ = 0;  // kLength
  uint64_t size_bytes_ = 0;
  bool with_turn_ = false;
  ChunkedDecoder chunked_;
};

}  // namespace spanwire::protocol::http1
