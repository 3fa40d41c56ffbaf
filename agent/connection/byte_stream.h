// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/time.h"
#include "agent/model/event.h"

namespace spanwire::connection {

// One direction of one connection, put back in order.
//
// Records arrive with the stream offset of their first byte. Each says how many bytes passed and
// holds the first of them; the rest was only counted. A parser reads from the front and consumes
// whole messages; it may consume counted bytes too, when it knows that they are content. Bytes that
// no record reported at all are a hole; the front stops there. Bytes are lost only through
// SkipPiece(), SkipHole() and Clear(), and all say how many.
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
    uint32_t sequence = 0;     // TCP sequence number of the first byte
    bool starts_turn = false;  // the first byte is the first of its turn
    Nanoseconds time_ns = 0;
    Nanoseconds wait_ns = 0;
    Nanoseconds took_ns = 0;  // how long before time_ns the first byte passed
    model::ExecutionContext who;
  };

  // What became of a record.
  struct Appended {
    uint64_t added = 0;  // bytes that were new
    size_t cut = 0;      // captured bytes that did not fit under the limit: they count as counted
  };

  // The stream begins here; for connections that are older than the agent. Before the first record.
  void StartAt(uint64_t offset);

  // Adds a record. Overlap with what is already here, or already consumed, keeps the older copy.
  Appended Append(const Piece& piece);

  // As Append(), but where nothing is held and the record is next in order, its bytes are not
  // copied: they must stay valid until Settle() or Append().
  Appended AppendBorrowed(const Piece& piece);

  // Copies what was not consumed of borrowed bytes. Returns the bytes cut, as Append() does.
  size_t Settle();

  // Offset of the front: everything before it was consumed or lost.
  uint64_t offset() const { return offset_; }

  // Captured bytes at the front; empty when the next byte was not captured or has not arrived.
  std::string_view Front() const { return Held().substr(0, captured_end_ - offset_); }

  // Bytes from the front that passed, captured or counted, without a hole.
  uint64_t Available() const { return known_end_ - offset_; }

  // Something arrived beyond a hole at offset() + Available().
  bool HoleFollows() const { return !Empty() && segments_.back().end() > known_end_; }

  // Nothing is known beyond the front.
  bool Empty() const { return head_ == segments_.size(); }

  // The front is the first byte of a turn.
  bool StartsTurn() const;

  // The turn of the byte at the front; where there is none, of the last byte that passed.
  uint32_t FrontTurn() const { return Empty() ? last_turn_ : segments_[head_].turn; }

  // As Available(), but without what passed in turns after `turn`.
  uint64_t AvailableUpTo(uint32_t turn) const {
    return IsLater(last_turn_, turn) ? CountUpTo(turn) : Available();
  }

  // The first turn after `turn` of which something is here.
  std::optional<uint32_t> NextTurn(uint32_t turn) const;

  // The turn of the record behind the first hole. Requires HoleFollows().
  uint32_t TurnBehindHole() const;

  // Bytes from the front to the end of the front's turn, once a later turn than that is known;
  // `newest_turn` is the newest turn of the whole connection. Empty while a hole may hide some.
  std::optional<uint64_t> TurnRemaining(uint32_t newest_turn) const;

  // Where a byte came from. Requires offset() <= offset < offset() + Available().
  struct Origin {
    Nanoseconds time_ns = 0;
    Nanoseconds wait_ns = 0;
    uint32_t sequence = 0;  // of this very byte
    uint32_t turn = 0;
    model::ExecutionContext who;
  };
  Origin OriginOf(uint64_t offset) const;

  // Takes `size_bytes` off the front. Requires size_bytes <= Available().
  void Consume(uint64_t size_bytes);

  // Bytes passed over: reported ones, and those of holes.
  struct Skipped {
    uint64_t known = 0;
    uint64_t missing = 0;
  };

  // Drops the rest of the record at the front, captured and counted. 0 when a hole is next.
  uint64_t SkipPiece();

  // Where a hole is next, jumps over it to the record behind. Returns the bytes that are missing.
  uint64_t SkipHole();

  // Forgets everything; the front moves to the end of what is known.
  Skipped Clear();

  // Memory held, for the bounds.
  size_t held_bytes() const { return Held().size() + (segments_.size() - head_) * sizeof(Segment); }

  // Bytes reported and neither consumed nor skipped.
  uint64_t unread_bytes() const { return unread_; }

 private:
  struct Segment {
    uint64_t offset = 0;
    uint64_t length = 0;
    uint64_t captured = 0;  // the first of them
    Nanoseconds time_ns = 0;
    Nanoseconds wait_ns = 0;
    Nanoseconds took_ns = 0;
    model::ExecutionContext who;
    uint32_t turn = 0;
    uint32_t sequence = 0;
    bool starts_turn = false;

    uint64_t end() const { return offset + length; }
    uint64_t captured_end() const { return offset + captured; }
  };

  std::string_view Held() const {
    return borrowed_.empty() ? std::string_view(bytes_).substr(bytes_head_) : borrowed_;
  }
  // Turns are numbered modulo 2^32.
  static bool IsLater(uint32_t turn, uint32_t than) {
    return static_cast<int32_t>(turn - than) > 0;
  }
  uint64_t CountUpTo(uint32_t turn) const;
  static Segment MakeSegment(const Piece& piece, uint64_t begin, uint64_t end);
  size_t Insert(size_t index, Segment segment, std::string_view bytes);
  bool MergeCounted(const Segment& segment);
  size_t HeldBefore(size_t index) const;
  void DropHeld(size_t size);
  void MoveFront(uint64_t offset);
  void Extend(size_t index);
  void ExtendCaptured(size_t index);
  const Segment* Find(uint64_t offset) const;

  size_t limit_bytes_;
  uint64_t offset_ = 0;
  uint64_t known_end_ = 0;     // end of the run without holes
  uint64_t captured_end_ = 0;  // end of the captured run
  uint64_t unread_ = 0;
  uint32_t last_turn_ = 0;
  // Live records are segments_[head_...), by offset and without overlap; their captured bytes lie
  // one after the other in Held(), less what was consumed.
  std::vector<Segment> segments_;
  size_t head_ = 0;
  std::string bytes_;
  size_t bytes_head_ = 0;
  std::string_view borrowed_;
};

}  // namespace spanwire::connection
