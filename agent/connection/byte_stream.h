// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "agent/base/time.h"
#include "agent/model/event.h"

namespace spanwire::connection {

// One direction of one connection, put back in order.
//
// Records arrive with the stream offset of their first byte. Each says how many bytes passed and
// holds the first of them; the rest was only counted. A parser reads from the front and consumes
// whole messages; it may consume counted bytes too, when it knows that they are content. Bytes that
// no record reported at all are a hole; the front stops there. Bytes are lost only through
// SkipToCaptured() and Clear(), and both say how many.
//
// Owned by one shard; not thread-safe. Views returned here live until the next non-const call.
class ByteStream {
 public:
  explicit ByteStream(size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // One record: `length` bytes passed at `offset` during `turn`, `bytes` are the first of them.
  struct Piece {
    uint64_t offset = 0;
    uint64_t length = 0;
    std::string_view bytes;
    uint32_t turn = 0;
    uint32_t sequence = 0;
    Nanoseconds time_ns = 0;
    Nanoseconds wait_ns = 0;
    model::ExecutionContext who;
  };

  // Adds a record. Overlap with what is already here, or already consumed, keeps the older copy.
  // Returns the captured bytes that did not fit under the limit (they become counted bytes).
  [[nodiscard]] size_t Append(const Piece& piece);

  // Offset of the front: everything before it was consumed or lost.
  uint64_t offset() const { return offset_; }

  // Captured bytes at the front; empty when the next byte was not captured or has not arrived.
  std::string_view Front() const;

  // Bytes from the front that passed, captured or counted, without a hole.
  uint64_t Available() const;

  // Something arrived beyond a hole at offset() + Available().
  bool HoleFollows() const;

  // Bytes from the front to the end of the front's turn, once a later turn than that is known;
  // `newest_turn` is the newest turn of the whole connection.
  std::optional<uint64_t> TurnRemaining(uint32_t newest_turn) const;

  // Where a byte came from. Requires offset() <= offset < offset() + Available(), or the offset of
  // a byte consumed by the last Consume().
  struct Origin {
    Nanoseconds time_ns = 0;
    Nanoseconds wait_ns = 0;
    uint32_t sequence = 0;
    uint32_t turn = 0;
    model::ExecutionContext who;
  };
  Origin OriginOf(uint64_t offset) const;

  // Takes `size_bytes` off the front. Requires size_bytes <= Available().
  void Consume(uint64_t size_bytes);

  // Jumps over counted bytes and holes to the next captured byte after the front's first missing
  // one; when there is none, to the end of all that is known. Returns the bytes passed over: the
  // captured bytes before the gap are dropped too when `drop_front`.
  [[nodiscard]] uint64_t SkipToCaptured(bool drop_front);

  // Forgets everything held; the front moves to the end of what was known. Returns captured bytes
  // lost.
  size_t Clear();

  // Memory held, for the bounds.
  size_t held_bytes() const;
};

}  // namespace spanwire::connection
