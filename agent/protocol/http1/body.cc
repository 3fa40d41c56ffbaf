// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/body.h"

#include <algorithm>

namespace spanwire::protocol::http1 {

void Body::Open(const BodyFraming& framing) {
  size_bytes_ = 0;
  with_turn_ = false;
  remaining_ = framing.length;
  switch (framing.kind) {
    case BodyFraming::Kind::kLength: mode_ = Mode::kLength; break;
    case BodyFraming::Kind::kChunked:
      mode_ = Mode::kChunked;
      chunked_ = {};
      break;
    case BodyFraming::Kind::kUntilTurn: EndWithTurn(); break;
    default: mode_ = Mode::kUntilClose; break;
  }
}

void Body::EndWithTurn() {
  mode_ = Mode::kUntilTurn;
  with_turn_ = true;
}

Body::Step Body::Take(const ParseInput& input) {
  switch (mode_) {
    case Mode::kLength: return TakeLength(input);
    case Mode::kChunked: return TakeChunked(input);
    case Mode::kUntilClose: return TakeUntilClose(input);
    case Mode::kUntilTurn: return TakeTurn(input);
    case Mode::kClosed: break;
  }
  return {};
}

Body::Step Body::TakeLength(const ParseInput& input) {
  const uint64_t size = std::min(remaining_, input.available);
  remaining_ -= size;
  size_bytes_ += size;
  if (remaining_ == 0) return Ended(size);
  return {.status = size == 0 ? Status::kNeedMore : Status::kConsumed,
          .consumed = size,
          .want_bytes = remaining_};
}

Body::Step Body::TakeChunked(const ParseInput& input) {
  const auto step = chunked_.Decode(input.bytes, input.available);
  size_bytes_ = chunked_.content_bytes();
  if (step.status == ChunkedDecoder::Status::kDone) return Ended(step.consumed);
  if (step.status == ChunkedDecoder::Status::kInvalid) return {.status = Status::kInvalid};
  if (step.consumed > 0) {
    return {.status = Status::kConsumed,
            .consumed = step.consumed,
            .want_bytes = chunked_.chunk_remaining()};
  }
  const bool missing = step.status == ChunkedDecoder::Status::kMissing;
  return {.status = missing ? Status::kMissing : Status::kNeedMore,
          .want_bytes = chunked_.chunk_remaining()};
}

Body::Step Body::TakeUntilClose(const ParseInput& input) {
  size_bytes_ += input.available;
  if (input.end_of_stream) return Ended(input.available);
  return {.status = input.available == 0 ? Status::kNeedMore : Status::kConsumed,
          .consumed = input.available};
}

// Nothing is taken before the end of the turn is known: what comes after it looks the same.
Body::Step Body::TakeTurn(const ParseInput& input) {
  if (input.turn_remaining && *input.turn_remaining <= input.available) {
    return Ended(*input.turn_remaining);
  }
  if (input.end_of_stream && !input.turn_remaining) return Ended(input.available);
  return {};
}

Body::Step Body::Ended(uint64_t consumed) {
  mode_ = Mode::kClosed;
  return {.status = Status::kEnd, .consumed = consumed};
}

}  // namespace spanwire::protocol::http1
