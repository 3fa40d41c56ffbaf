// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "agent/protocol/redis/header.h"

namespace spanwire::protocol::redis {

// Finds the end of one value of RESP2 or RESP3, nested, streamed, of any size, piece by piece.
//
// The contents of strings need not be captured, everything else does. A request is an array of
// strings and nothing else. An attribute is a value of its own at the top, and part of the value
// behind it anywhere else.
class ValueScanner {
 public:
  enum class Dialect : uint8_t { kReply, kRequest };
  enum class Status : uint8_t {
    kNeedMore,
    kDone,
    kMissing,  // a byte of framing was not captured
    kInvalid,  // what follows the bytes consumed belongs to no value
  };
  struct Step {
    Status status = Status::kNeedMore;
    uint64_t consumed = 0;    // whatever the status
    uint64_t want_bytes = 0;  // content known to follow
  };

  // Forgets what it was at. Its memory is kept.
  void Restart(Dialect dialect);

  // Takes what it can of the front: `available` bytes passed, of which `bytes` were captured.
  Step Take(std::string_view bytes, uint64_t available);

  // Nested deeper than any server would: hostile.
  static constexpr size_t kMaxDepth = 64;

 private:
  enum class State : uint8_t { kValue, kLine, kString, kChunk, kDone };
  enum class FrameKind : uint8_t { kCounted, kStreamed, kAttribute };
  struct Frame {
    FrameKind kind = FrameKind::kCounted;
    uint64_t remaining = 0;  // values; not kStreamed
  };
  struct Input {
    std::string_view bytes;
    uint64_t available = 0;
    uint64_t at = 0;
  };
  // Empty: go on.
  using Next = std::optional<Status>;

  Next TakeOne(Input& input);
  Next TakeValue(Input& input);
  Next TakeLine(Input& input);
  Next TakeString(Input& input);
  Next TakeChunk(Input& input);
  Next Open(const Header& header);
  Next OpenRequest(const Header& header);
  Next OpenAggregate(const Header& header);
  Next EndValue();
  static Next ReadAt(const Input& input, Header& header);

  std::vector<Frame> frames_;
  uint64_t remaining_ = 0;  // kString: bytes, CR LF included
  Dialect dialect_ = Dialect::kReply;
  State state_ = State::kValue;
  bool in_chunks_ = false;  // kString: a chunk of a streamed string
};

}  // namespace spanwire::protocol::redis
