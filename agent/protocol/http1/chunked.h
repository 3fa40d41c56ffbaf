// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace spanwire::protocol::http1 {

// The chunked transfer coding (RFC 9112 §7.1), taken off byte by byte, whatever the pieces it comes
// in. Chunk data may be bytes that were only counted: their number is known. Extensions and trailer
// fields are skipped. §2.2 lets a trailer line end with LF alone; the chunks' own lines end with
// CRLF, because what recipients make of anything else differs.
class ChunkedDecoder {
 public:
  enum class Status : uint8_t {
    kMore,     // took all it could
    kDone,     // the empty line after the last chunk was taken
    kMissing,  // the next byte is framing and was not captured
    kInvalid,
  };
  struct Step {
    Status status = Status::kMore;
    uint64_t consumed = 0;
  };

  // Takes from `bytes`, the captured front of `available` bytes.
  Step Decode(std::string_view bytes, uint64_t available);

  // Bytes of content so far, without the framing.
  uint64_t content_bytes() const { return content_bytes_; }
  // Content that still follows in the present chunk.
  uint64_t chunk_remaining() const { return state_ == State::kData ? remaining_ : 0; }

 private:
  enum class State : uint8_t {
    kSizeFirst,  // the first digit of a chunk's size
    kSize,       // more digits
    kSizeBlank,  // blanks after the digits
    kExtension,  // to the end of the size line
    kSizeEnd,    // CR seen, LF must follow
    kData,
    kDataEnd,        // CR after the data
    kDataLineFeed,   // CR seen, LF must follow
    kTrailerFirst,   // the first character of a trailer line
    kTrailer,        // to the end of a trailer line
    kFinalLineFeed,  // CR of the empty line seen
    kDone,
    kInvalid,
  };

  State Next(char c);
  State NextInSize(char c);
  State AfterDigits(char c) const;
  State Bounded(State state, uint32_t limit_bytes);
  State AfterSizeLine() const;
  State Expect(char c, State next) const;

  State state_ = State::kSizeFirst;
  uint64_t remaining_ = 0;  // of the chunk's size or data
  uint64_t content_bytes_ = 0;
  uint32_t overhead_bytes_ = 0;  // of the present size line, or of all trailers
};

}  // namespace spanwire::protocol::http1
