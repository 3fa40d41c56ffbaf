// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/redis/value_scanner.h"

#include <algorithm>

namespace spanwire::protocol::redis {

void ValueScanner::Restart(Dialect dialect) {
  frames_.clear();
  dialect_ = dialect;
  state_ = State::kValue;
  in_chunks_ = false;
}

ValueScanner::Step ValueScanner::Take(std::string_view bytes, uint64_t available) {
  Input input = {.bytes = bytes, .available = available};
  Next status;
  while (!status) status = TakeOne(input);
  const bool in_string = *status == Status::kNeedMore && state_ == State::kString;
  return {.status = *status, .consumed = input.at, .want_bytes = in_string ? remaining_ : 0};
}

ValueScanner::Next ValueScanner::TakeOne(Input& input) {
  switch (state_) {
    case State::kValue: return TakeValue(input);
    case State::kLine: return TakeLine(input);
    case State::kString: return TakeString(input);
    case State::kChunk: return TakeChunk(input);
    case State::kDone: break;
  }
  return Status::kDone;
}

// Reads the header where `input` is. Empty: it is there.
ValueScanner::Next ValueScanner::ReadAt(const Input& input, Header& header) {
  if (input.at >= input.available) return Status::kNeedMore;
  if (input.at >= input.bytes.size()) return Status::kMissing;
  switch (ReadHeader(input.bytes.substr(input.at), header)) {
    case HeaderStatus::kComplete: return std::nullopt;
    case HeaderStatus::kInvalid: return Status::kInvalid;
    case HeaderStatus::kIncomplete: break;
  }
  return input.bytes.size() < input.available ? Status::kMissing : Status::kNeedMore;
}

ValueScanner::Next ValueScanner::TakeValue(Input& input) {
  const bool captured = input.at < input.bytes.size();
  if (captured && dialect_ == Dialect::kReply && IsLineType(input.bytes[input.at])) {
    state_ = State::kLine;
    return std::nullopt;
  }
  Header header;
  if (const Next stop = ReadAt(input, header)) return stop;
  const Next next = dialect_ == Dialect::kRequest ? OpenRequest(header) : Open(header);
  if (next != Status::kInvalid) input.at += header.size;
  return next;
}

ValueScanner::Next ValueScanner::TakeLine(Input& input) {
  const size_t from = std::min<uint64_t>(input.at, input.bytes.size());
  const size_t end = input.bytes.find('\n', from);
  if (end != std::string_view::npos) {
    input.at = end + 1;
    return EndValue();
  }
  input.at = std::max<uint64_t>(input.at, input.bytes.size());
  return input.at < input.available ? Status::kMissing : Status::kNeedMore;
}

ValueScanner::Next ValueScanner::TakeString(Input& input) {
  const uint64_t size = std::min(remaining_, input.available - input.at);
  input.at += size;
  remaining_ -= size;
  if (remaining_ > 0) return Status::kNeedMore;
  const bool captured = input.at <= input.bytes.size();
  if (captured && size > 0 && input.bytes[input.at - 1] != '\n') {
    --input.at;
    remaining_ = 1;
    return Status::kInvalid;
  }
  if (!in_chunks_) return EndValue();
  state_ = State::kChunk;
  return std::nullopt;
}

ValueScanner::Next ValueScanner::TakeChunk(Input& input) {
  Header header;
  if (const Next stop = ReadAt(input, header)) return stop;
  if (header.type != ';' || header.null || header.streamed) return Status::kInvalid;
  input.at += header.size;
  if (header.value == 0) {
    in_chunks_ = false;
    return EndValue();
  }
  remaining_ = header.value + 2;
  state_ = State::kString;
  return std::nullopt;
}

ValueScanner::Next ValueScanner::OpenRequest(const Header& header) {
  if (header.streamed) return Status::kInvalid;
  if (frames_.empty()) {
    if (header.type != '*') return Status::kInvalid;
    return header.null ? EndValue() : OpenAggregate(header);
  }
  if (header.type != '$' || header.null) return Status::kInvalid;
  remaining_ = header.value + 2;
  state_ = State::kString;
  return std::nullopt;
}

ValueScanner::Next ValueScanner::Open(const Header& header) {
  if (header.type == '.') {
    if (frames_.empty() || frames_.back().kind != FrameKind::kStreamed) return Status::kInvalid;
    frames_.pop_back();
    return EndValue();
  }
  if (IsAggregateType(header.type)) return OpenAggregate(header);
  if (header.type == ';') return Status::kInvalid;
  if (header.null) return header.type == '$' ? EndValue() : Next(Status::kInvalid);
  in_chunks_ = header.streamed;
  state_ = header.streamed ? State::kChunk : State::kString;
  remaining_ = header.value + 2;
  return std::nullopt;
}

ValueScanner::Next ValueScanner::OpenAggregate(const Header& header) {
  if (header.null) return header.type == '*' ? EndValue() : Next(Status::kInvalid);
  if (frames_.size() == kMaxDepth) return Status::kInvalid;
  const bool pairs = header.type == '%' || header.type == '|';
  Frame frame = {.remaining = header.value * (pairs ? 2 : 1)};
  if (header.streamed) frame.kind = FrameKind::kStreamed;
  if (header.type == '|') frame.kind = FrameKind::kAttribute;
  if (header.type == '|' && header.streamed) return Status::kInvalid;
  if (!header.streamed && frame.remaining == 0) {
    const bool nested_attribute = header.type == '|' && !frames_.empty();
    return nested_attribute ? std::nullopt : EndValue();
  }
  frames_.push_back(frame);
  return std::nullopt;
}

ValueScanner::Next ValueScanner::EndValue() {
  state_ = State::kValue;
  while (!frames_.empty()) {
    Frame& frame = frames_.back();
    if (frame.kind == FrameKind::kStreamed || --frame.remaining > 0) return std::nullopt;
    const bool attribute = frame.kind == FrameKind::kAttribute;
    frames_.pop_back();
    if (attribute && !frames_.empty()) return std::nullopt;
  }
  state_ = State::kDone;
  return Status::kDone;
}

}  // namespace spanwire::protocol::redis
