// SPDX-License-Identifier: Apache-2.0
// Drives a ByteStream and a map of single bytes with the same random calls and compares every
// answer.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/base/byte_reader.h"
#include "agent/connection/byte_stream.h"

namespace spanwire::connection {
namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

// One byte of the stream, if it is known.
struct Cell {
  uint32_t segment = 0;  // 0: unknown
  uint32_t turn = 0;
  Nanoseconds time_ns = 0;
  bool captured = false;
  bool starts_turn = false;
  char byte = 0;
};

// What a ByteStream should do, without any cleverness.
class Model {
 public:
  static constexpr uint64_t kSize = 600;

  uint64_t Append(const ByteStream::Piece& piece) {
    uint64_t added = 0;
    bool in_run = false;
    for (uint64_t i = piece.offset; i < piece.offset + piece.length; ++i) {
      const bool is_new = i >= front_ && cells_[i].segment == 0;
      if (is_new && !in_run) ++segments_;
      in_run = is_new;
      if (!is_new) continue;
      Fill(piece, i);
      ++added;
    }
    return added;
  }

  std::string Front() const {
    std::string bytes;
    for (uint64_t i = front_; i < kSize && cells_[i].captured; ++i) bytes += cells_[i].byte;
    return bytes;
  }
  uint64_t Available() const {
    uint64_t end = front_;
    while (end < kSize && cells_[end].segment != 0) ++end;
    return end - front_;
  }
  // One past the last known byte.
  uint64_t End() const {
    uint64_t end = kSize;
    while (end > front_ && cells_[end - 1].segment == 0) --end;
    return end;
  }
  ByteStream::Skipped JumpTo(uint64_t target) {
    ByteStream::Skipped skipped;
    for (; front_ < target; ++front_)
      ++(cells_[front_].segment != 0 ? skipped.known : skipped.missing);
    return skipped;
  }
  uint64_t SkipHole() {
    uint64_t target = front_;
    while (target < End() && cells_[target].segment == 0) ++target;
    return JumpTo(target).missing;
  }
  uint64_t SkipPiece() {
    uint64_t target = front_;
    while (target < kSize && cells_[front_].segment != 0 &&
           cells_[target].segment == cells_[front_].segment) {
      ++target;
    }
    return JumpTo(target).known;
  }
  uint64_t Unread() const {
    return static_cast<uint64_t>(std::count_if(cells_.begin() + static_cast<ptrdiff_t>(front_),
                                               cells_.end(),
                                               [](const Cell& cell) { return cell.segment != 0; }));
  }
  std::optional<uint64_t> TurnRemaining(uint32_t newest) const {
    const uint64_t known = Available();
    if (known == 0) return std::nullopt;
    const uint32_t turn = cells_[front_].turn;
    if (newest <= turn) return std::nullopt;
    uint64_t size = 0;
    while (size < known && cells_[front_ + size].turn == turn) ++size;
    if (size == known && End() > front_ + known) return std::nullopt;
    return size;
  }

  uint64_t front() const { return front_; }
  const Cell& at(uint64_t offset) const { return cells_[offset]; }

 private:
  void Fill(const ByteStream::Piece& piece, uint64_t offset) {
    const uint64_t index = offset - piece.offset;
    Cell& cell = cells_[offset];
    cell.segment = segments_;
    cell.turn = piece.turn;
    cell.time_ns = piece.time_ns;
    cell.captured = index < piece.bytes.size();
    cell.starts_turn = piece.starts_turn && index == 0;
    if (cell.captured) cell.byte = piece.bytes[index];
  }

  std::array<Cell, kSize> cells_;
  uint64_t front_ = 0;
  uint32_t segments_ = 0;
};

void Compare(const ByteStream& stream, const Model& model) {
  Check(stream.offset() == model.front());
  Check(stream.Front() == model.Front());
  Check(stream.Available() == model.Available());
  Check(stream.HoleFollows() == (model.End() > model.front() + model.Available()));
  Check(stream.Empty() == (model.End() == model.front()));
  Check(stream.unread_bytes() == model.Unread());
  if (model.Available() == 0) return;
  Check(stream.StartsTurn() == model.at(model.front()).starts_turn);
  Check(stream.FrontTurn() == model.at(model.front()).turn);
  if (stream.HoleFollows()) {
    uint64_t behind = model.front() + model.Available();
    while (model.at(behind).segment == 0) ++behind;
    Check(stream.TurnBehindHole() == model.at(behind).turn);
  }
  for (uint32_t turn = 0; turn < 8; ++turn) {
    Check(stream.TurnRemaining(turn) == model.TurnRemaining(turn));
  }
  for (uint64_t i = 0; i < model.Available(); i += 7) {
    const uint64_t offset = model.front() + i;
    Check(stream.OriginOf(offset).time_ns == model.at(offset).time_ns);
    Check(stream.OriginOf(offset).sequence == static_cast<uint32_t>(offset));
  }
}

class Driver {
 public:
  explicit Driver(ByteReader reader) : reader_(reader) {}

  void Run() {
    while (!reader_.empty()) {
      Step();
      Compare(stream_, model_);
      // A stream with little room keeps to it, whatever else happens.
      Check(small_.held_bytes() <= kSmall + 600 * 96);
      Check(small_.Front().size() <= kSmall);
      Check(small_.Available() == stream_.Available());
    }
  }

 private:
  static constexpr size_t kSmall = 400;

  uint8_t Byte() { return reader_.ReadPod<uint8_t>().value_or(0); }

  void Step() {
    const uint8_t action = Byte();
    switch (action % 8) {
      case 0: Consume(Byte()); return;
      case 1: SkipHole(); return;
      case 2: SkipPiece(); return;
      case 3:
        if (action > 250) Clear();
        return;
      default: Append(action % 8 == 4); return;
    }
  }

  void Append(bool borrowed) {
    // Mostly next to what is known, sometimes anywhere.
    const uint8_t place = Byte();
    const uint64_t end = model_.End();
    uint64_t offset = place < 160 ? end : end + place - 200;
    if (place >= 160 && end + place < 200) offset = 0;
    ByteStream::Piece piece;
    piece.offset = std::min(offset, Model::kSize);
    piece.length = std::min<uint64_t>(Byte() % 48, Model::kSize - piece.offset);
    const std::string bytes(std::min<uint64_t>(Byte() % 64, piece.length),
                            static_cast<char>('a' + ++calls_ % 26));
    piece.bytes = bytes;
    piece.turn = calls_ / 3 % 8;
    piece.sequence = static_cast<uint32_t>(piece.offset);
    piece.time_ns = calls_;
    piece.starts_turn = place % 2 == 0;
    const auto appended = borrowed ? stream_.AppendBorrowed(piece) : stream_.Append(piece);
    const auto in_small = borrowed ? small_.AppendBorrowed(piece) : small_.Append(piece);
    Check(appended.added == model_.Append(piece) && appended.cut == 0);
    Check(in_small.added == appended.added);
    if (borrowed) Compare(stream_, model_);
    Check(stream_.Settle() == 0);
    small_.Settle();
  }

  void Consume(uint64_t size) {
    size = std::min(size, model_.Available());
    stream_.Consume(size);
    small_.Consume(size);
    model_.JumpTo(model_.front() + size);
  }

  void SkipHole() {
    Check(stream_.SkipHole() == model_.SkipHole());
    Follow();
  }

  void SkipPiece() {
    Check(stream_.SkipPiece() == model_.SkipPiece());
    Follow();
  }

  void Clear() {
    const auto expected = model_.JumpTo(model_.End());
    const auto cleared = stream_.Clear();
    Check(cleared.known == expected.known && cleared.missing == expected.missing);
    Follow();
  }

  // Brings the small stream, which knows other bytes, to the same front.
  void Follow() {
    while (small_.offset() < model_.front()) {
      const uint64_t step = std::min(model_.front() - small_.offset(), small_.Available());
      if (step == 0) {
        small_ = ByteStream(kSmall);
        small_.StartAt(model_.front());
        Refill();
        return;
      }
      small_.Consume(step);
    }
  }

  // Counted bytes wherever the model knows some.
  void Refill() {
    for (uint64_t i = model_.front(); i < model_.End(); ++i) {
      if (model_.at(i).segment == 0) continue;
      ByteStream::Piece piece;
      piece.offset = i;
      piece.length = 1;
      small_.Append(piece);
    }
  }

  ByteReader reader_;
  ByteStream stream_{size_t{1} << 20};
  ByteStream small_{kSmall};
  Model model_;
  uint32_t calls_ = 0;
};

}  // namespace
}  // namespace spanwire::connection

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  const auto bytes = std::as_bytes(std::span(data, size));
  spanwire::connection::Driver(spanwire::ByteReader(bytes)).Run();
  return 0;
}
