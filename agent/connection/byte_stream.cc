// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/byte_stream.h"

#include <algorithm>
#include <limits>

namespace spanwire::connection {
namespace {

// Memory that an idle stream may keep for the next message.
constexpr size_t kKeepBytes = 4096;
constexpr size_t kKeepSegments = 16;

}  // namespace

void ByteStream::StartAt(uint64_t offset) { offset_ = known_end_ = captured_end_ = offset; }

ByteStream::Segment ByteStream::MakeSegment(const Piece& piece, uint64_t begin, uint64_t end) {
  const uint64_t captured_end = piece.offset + std::min<uint64_t>(piece.bytes.size(), piece.length);
  return {.offset = begin,
          .length = end - begin,
          .captured = captured_end > begin ? std::min(captured_end, end) - begin : 0,
          .time_ns = piece.time_ns,
          .wait_ns = piece.wait_ns,
          .took_ns = begin == piece.offset ? piece.took_ns : 0,
          .who = piece.who,
          .turn = piece.turn,
          .sequence = piece.sequence + static_cast<uint32_t>(begin - piece.offset),
          .starts_turn = piece.starts_turn && begin == piece.offset};
}

ByteStream::Appended ByteStream::Append(const Piece& piece) {
  Appended result{.added = 0, .cut = Settle()};
  if (piece.length > std::numeric_limits<uint64_t>::max() - piece.offset) return result;
  const uint64_t end = piece.offset + piece.length;
  uint64_t begin = std::max(piece.offset, offset_);
  // Walks the free ranges of [begin, end): in order, there is one, behind the last segment.
  size_t index = segments_.size();
  while (index > head_ && segments_[index - 1].end() > begin) --index;
  while (begin < end) {
    if (index < segments_.size() && segments_[index].offset <= begin) {
      begin = segments_[index++].end();
      continue;
    }
    const uint64_t free_end =
        index < segments_.size() ? std::min(end, segments_[index].offset) : end;
    const Segment segment = MakeSegment(piece, begin, free_end);
    const size_t from = std::min<uint64_t>(begin - piece.offset, piece.bytes.size());
    result.added += segment.length;
    result.cut += Insert(index, segment, piece.bytes.substr(from, segment.captured));
    // A merged segment took no slot.
    if (index < segments_.size() && segments_[index].offset == begin) ++index;
    begin = free_end;
  }
  return result;
}

ByteStream::Appended ByteStream::AppendBorrowed(const Piece& piece) {
  const bool in_order = Empty() && piece.offset == offset_ && !piece.bytes.empty() &&
                        piece.bytes.size() <= piece.length &&
                        piece.length <= std::numeric_limits<uint64_t>::max() - piece.offset;
  if (!in_order) return Append(piece);
  segments_.push_back(MakeSegment(piece, piece.offset, piece.offset + piece.length));
  borrowed_ = piece.bytes;
  known_end_ = offset_ + piece.length;
  captured_end_ = offset_ + piece.bytes.size();
  unread_ += piece.length;
  last_turn_ = piece.turn;
  return {.added = piece.length, .cut = 0};
}

size_t ByteStream::Settle() {
  if (borrowed_.empty()) return 0;
  const size_t overhead = (segments_.size() - head_) * sizeof(Segment);
  const size_t room = limit_bytes_ > overhead ? limit_bytes_ - overhead : 0;
  const std::string_view kept = borrowed_.substr(0, room);
  const size_t cut = borrowed_.size() - kept.size();
  bytes_.assign(kept);
  bytes_head_ = 0;
  borrowed_ = {};
  segments_[head_].captured -= cut;
  captured_end_ -= cut;
  return cut;
}

// Returns the captured bytes cut.
size_t ByteStream::Insert(size_t index, Segment segment, std::string_view bytes) {
  const size_t used = held_bytes() + sizeof(Segment);
  const size_t room = limit_bytes_ > used ? limit_bytes_ - used : 0;
  const size_t cut = bytes.size() > room ? bytes.size() - room : 0;
  bytes.remove_suffix(cut);
  segment.captured = bytes.size();
  unread_ += segment.length;
  if (index == segments_.size()) last_turn_ = segment.turn;
  if (room == 0 && index == segments_.size() && MergeCounted(segment)) return cut;
  if (!bytes.empty()) bytes_.insert(bytes_head_ + HeldBefore(index), bytes);
  segments_.insert(segments_.begin() + static_cast<ptrdiff_t>(index), segment);
  Extend(index);
  return cut;
}

// Over the limit, records that follow each other within a turn share one segment.
bool ByteStream::MergeCounted(const Segment& segment) {
  if (Empty()) return false;
  Segment& last = segments_.back();
  if (last.end() != segment.offset || last.turn != segment.turn) return false;
  if (known_end_ == last.end()) known_end_ = segment.end();
  last.length += segment.length;
  last.time_ns = segment.time_ns;
  return true;
}

// Where in Held() the captured bytes of segments_[index] begin.
size_t ByteStream::HeldBefore(size_t index) const {
  if (index == segments_.size()) return Held().size();
  size_t behind = 0;
  for (size_t i = index; i < segments_.size(); ++i) {
    const uint64_t from = std::max(segments_[i].offset, offset_);
    if (segments_[i].captured_end() > from) behind += segments_[i].captured_end() - from;
  }
  return Held().size() - behind;
}

// The runs from the front may now reach into and beyond segments_[index].
void ByteStream::Extend(size_t index) {
  for (size_t i = index; i < segments_.size() && segments_[i].offset <= known_end_; ++i) {
    known_end_ = std::max(known_end_, segments_[i].end());
  }
  ExtendCaptured(index);
}

void ByteStream::ExtendCaptured(size_t index) {
  for (size_t i = index; i < segments_.size() && segments_[i].offset <= captured_end_; ++i) {
    captured_end_ = std::max(captured_end_, segments_[i].captured_end());
  }
}

bool ByteStream::StartsTurn() const {
  return !Empty() && segments_[head_].starts_turn && segments_[head_].offset == offset_;
}

uint64_t ByteStream::CountUpTo(uint32_t turn) const {
  uint64_t end = offset_;
  for (size_t i = head_; i < segments_.size() && end < known_end_; ++i) {
    if (segments_[i].offset > known_end_ || IsLater(segments_[i].turn, turn)) break;
    end = segments_[i].end();
  }
  return end - offset_;
}

std::optional<uint32_t> ByteStream::NextTurn(uint32_t turn) const {
  if (Empty() || !IsLater(last_turn_, turn)) return std::nullopt;
  for (size_t i = head_; i < segments_.size(); ++i) {
    if (IsLater(segments_[i].turn, turn)) return segments_[i].turn;
  }
  return std::nullopt;
}

uint32_t ByteStream::TurnBehindHole() const { return Find(known_end_)->turn; }

std::optional<uint64_t> ByteStream::TurnRemaining(uint32_t newest_turn) const {
  if (!IsLater(newest_turn, FrontTurn())) return std::nullopt;
  const uint32_t turn = FrontTurn();
  uint64_t end = offset_;
  for (size_t i = head_; i < segments_.size() && end < known_end_; ++i) {
    if (segments_[i].turn != turn) return end - offset_;
    end = segments_[i].end();
  }
  if (HoleFollows()) return std::nullopt;
  return end - offset_;
}

const ByteStream::Segment* ByteStream::Find(uint64_t offset) const {
  if (Empty()) return nullptr;
  if (offset < segments_[head_].end()) return &segments_[head_];
  const auto first = segments_.begin() + static_cast<ptrdiff_t>(head_);
  const auto found = std::upper_bound(
      first, segments_.end(), offset,
      [](uint64_t value, const Segment& segment) { return value < segment.end(); });
  return found == segments_.end() ? nullptr : &*found;
}

ByteStream::Origin ByteStream::OriginOf(uint64_t offset) const {
  const Segment* segment = Find(offset);
  if (segment == nullptr || offset < segment->offset) return {};
  // Of the bytes between the first and the last nobody knows when they passed.
  const Nanoseconds before_ns = offset == segment->offset ? segment->took_ns : 0;
  return {.time_ns = segment->time_ns - before_ns,
          .wait_ns = segment->wait_ns,
          .sequence = segment->sequence + static_cast<uint32_t>(offset - segment->offset),
          .turn = segment->turn,
          .who = segment->who};
}

void ByteStream::Consume(uint64_t size_bytes) {
  MoveFront(offset_ + std::min(size_bytes, Available()));
}

void ByteStream::DropHeld(size_t size) {
  if (!borrowed_.empty()) {
    borrowed_.remove_prefix(size);
    return;
  }
  bytes_head_ += size;
  if (bytes_head_ == bytes_.size()) {
    bytes_.clear();
    bytes_head_ = 0;
    if (bytes_.capacity() > kKeepBytes) bytes_.shrink_to_fit();
  } else if (bytes_head_ > kKeepBytes && bytes_head_ > bytes_.size() / 2) {
    bytes_.erase(0, bytes_head_);
    bytes_head_ = 0;
  }
}

// Everything before `offset` is done with.
void ByteStream::MoveFront(uint64_t offset) {
  size_t held = 0;
  while (!Empty()) {
    const Segment& segment = segments_[head_];
    const uint64_t from = std::max(segment.offset, offset_);
    if (from >= offset) break;
    const uint64_t to = std::min(segment.end(), offset);
    unread_ -= to - from;
    if (segment.captured_end() > from) held += std::min(segment.captured_end(), to) - from;
    if (segment.end() > offset) break;
    ++head_;
  }
  DropHeld(held);
  offset_ = offset;
  if (Empty()) {
    segments_.clear();
    head_ = 0;
    if (segments_.capacity() > kKeepSegments) segments_.shrink_to_fit();
    known_end_ = captured_end_ = offset_;
    return;
  }
  if (head_ > kKeepSegments && head_ > segments_.size() / 2) {
    segments_.erase(segments_.begin(), segments_.begin() + static_cast<ptrdiff_t>(head_));
    head_ = 0;
  }
  // Within the captured run, the runs' ends stand.
  if (offset_ < captured_end_) return;
  captured_end_ = offset_;
  if (known_end_ > offset_) {
    ExtendCaptured(head_);
  } else {
    known_end_ = offset_;
    Extend(head_);
  }
}

uint64_t ByteStream::SkipPiece() {
  if (Empty() || segments_[head_].offset > offset_) return 0;
  const uint64_t passed = segments_[head_].end() - offset_;
  MoveFront(offset_ + passed);
  return passed;
}

uint64_t ByteStream::SkipHole() {
  if (Empty() || segments_[head_].offset <= offset_) return 0;
  const uint64_t passed = segments_[head_].offset - offset_;
  MoveFront(segments_[head_].offset);
  return passed;
}

ByteStream::Skipped ByteStream::Clear() {
  const uint64_t unread = unread_;
  const uint64_t passed = Empty() ? 0 : segments_.back().end() - offset_;
  MoveFront(offset_ + passed);
  return {.known = unread, .missing = passed - unread};
}

}  // namespace spanwire::connection
