// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/chunked.h"

#include <algorithm>
#include <limits>

#include "agent/protocol/http1/chars.h"

namespace spanwire::protocol::http1 {
namespace {

// Longer lines and trailers are an attack, or no HTTP. Servers allow 4 to 16 KiB.
constexpr uint32_t kMaxSizeLineBytes = 16 * 1024;
constexpr uint32_t kMaxTrailerBytes = 64 * 1024;
// All content of a message together; its size is reported as a signed number.
constexpr uint64_t kMaxContentBytes = std::numeric_limits<int64_t>::max();

}  // namespace

ChunkedDecoder::Step ChunkedDecoder::Decode(std::string_view bytes, uint64_t available) {
  uint64_t taken = 0;
  while (state_ != State::kDone && state_ != State::kInvalid && taken < available) {
    if (state_ == State::kData) {
      const uint64_t size = std::min(remaining_, available - taken);
      taken += size;
      remaining_ -= size;
      content_bytes_ += size;
      if (remaining_ == 0) state_ = State::kDataEnd;
      continue;
    }
    if (taken >= bytes.size()) return {.status = Status::kMissing, .consumed = taken};
    state_ = Next(bytes[taken]);
    ++taken;
  }
  if (state_ == State::kInvalid) return {.status = Status::kInvalid, .consumed = taken};
  return {.status = state_ == State::kDone ? Status::kDone : Status::kMore, .consumed = taken};
}

ChunkedDecoder::State ChunkedDecoder::Next(char c) {
  switch (state_) {
    case State::kSizeFirst:
      remaining_ = 0;
      overhead_bytes_ = 0;
      return HexValue(c) < 0 ? State::kInvalid : NextInSize(c);
    case State::kSize: return NextInSize(c);
    case State::kSizeBlank:
      return IsBlank(c) ? Bounded(State::kSizeBlank, kMaxSizeLineBytes) : AfterDigits(c);
    case State::kExtension:
      if (c == '\r') return State::kSizeEnd;
      if (c == '\n') return State::kInvalid;
      return Bounded(State::kExtension, kMaxSizeLineBytes);
    case State::kSizeEnd: return Expect(c, AfterSizeLine());
    case State::kDataEnd: return c == '\r' ? State::kDataLineFeed : State::kInvalid;
    case State::kDataLineFeed: return Expect(c, State::kSizeFirst);
    case State::kTrailerFirst:
      if (c == '\r') return State::kFinalLineFeed;
      if (c == '\n') return State::kDone;
      return Bounded(State::kTrailer, kMaxTrailerBytes);
    case State::kTrailer:
      if (c == '\n') return State::kTrailerFirst;
      return Bounded(State::kTrailer, kMaxTrailerBytes);
    case State::kFinalLineFeed: return Expect(c, State::kDone);
    case State::kData:
    case State::kDone:
    case State::kInvalid: break;
  }
  return State::kInvalid;
}

ChunkedDecoder::State ChunkedDecoder::NextInSize(char c) {
  const int digit = HexValue(c);
  if (digit < 0) return AfterDigits(c);
  const uint64_t limit = kMaxContentBytes - content_bytes_;
  if (remaining_ > limit / 16) return State::kInvalid;
  remaining_ = remaining_ * 16 + static_cast<uint64_t>(digit);
  if (remaining_ > limit) return State::kInvalid;
  return Bounded(State::kSize, kMaxSizeLineBytes);
}

ChunkedDecoder::State ChunkedDecoder::AfterDigits(char c) const {
  if (c == '\r') return State::kSizeEnd;
  if (c == ';') return State::kExtension;
  return IsBlank(c) ? State::kSizeBlank : State::kInvalid;
}

// One more byte of framing that says nothing; `state` unless there were too many.
ChunkedDecoder::State ChunkedDecoder::Bounded(State state, uint32_t limit_bytes) {
  return ++overhead_bytes_ > limit_bytes ? State::kInvalid : state;
}

ChunkedDecoder::State ChunkedDecoder::AfterSizeLine() const {
  return remaining_ == 0 ? State::kTrailerFirst : State::kData;
}

ChunkedDecoder::State ChunkedDecoder::Expect(char c, State next) const {
  return c == '\n' ? next : State::kInvalid;
}

}  // namespace spanwire::protocol::http1
