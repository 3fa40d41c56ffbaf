// SPDX-License-Identifier: Apache-2.0
#include "tests/support/load/reply_parser.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <system_error>

namespace spanwire::load {
namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

// Leading digits of `text` in `base`; false when there is none.
bool Number(std::string_view text, int base, uint64_t& value) {
  return std::from_chars(text.data(), text.data() + text.size(), value, base).ec == std::errc{};
}

}  // namespace

size_t ReplyParser::Feed(std::string_view bytes) {
  const size_t given = bytes.size();
  started_ = started_ || given > 0;
  while (!bytes.empty() && !done() && !failed()) {
    if (state_ == State::kSized || state_ == State::kChunkData || state_ == State::kToEnd) {
      TakeContent(bytes);
    } else if (TakeLine(bytes)) {
      OnLine();
      line_.clear();
    }
  }
  return given - bytes.size();
}

bool ReplyParser::FeedEnd() {
  if (state_ == State::kToEnd) state_ = State::kDone;
  return done();
}

bool ReplyParser::TakeLine(std::string_view& bytes) {
  const size_t end = bytes.find('\n');
  const size_t taken = end == std::string_view::npos ? bytes.size() : end + 1;
  line_.append(bytes.substr(0, taken));
  bytes.remove_prefix(taken);
  if (end == std::string_view::npos) return false;
  line_.pop_back();
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  return true;
}

void ReplyParser::TakeContent(std::string_view& bytes) {
  if (state_ == State::kToEnd) {
    body_bytes_ += bytes.size();
    bytes = {};
    return;
  }
  const auto taken = static_cast<size_t>(std::min<uint64_t>(remaining_, bytes.size()));
  bytes.remove_prefix(taken);
  body_bytes_ += taken;
  remaining_ -= taken;
  if (remaining_ == 0) state_ = state_ == State::kSized ? State::kDone : State::kChunkEnd;
}

void ReplyParser::OnLine() {
  switch (state_) {
    case State::kHead: OnHeadLine(); break;
    case State::kChunkSize: OnChunkSize(); break;
    case State::kChunkEnd: state_ = line_.empty() ? State::kChunkSize : State::kFailed; break;
    case State::kTrailer:
      if (line_.empty()) state_ = State::kDone;
      break;
    default: state_ = State::kFailed;
  }
}

void ReplyParser::OnHeadLine() {
  if (status_ == 0) {
    uint64_t status = 0;
    const bool good = line_.size() >= 12 && line_.starts_with("HTTP/1.") &&
                      Number(std::string_view(line_).substr(9, 3), 10, status);
    if (!good) state_ = State::kFailed;
    status_ = static_cast<int>(status);
    return;
  }
  if (line_.empty()) return OnHeadEnd();
  const size_t colon = line_.find(':');
  if (colon == std::string::npos) {
    state_ = State::kFailed;
    return;
  }
  const std::string name = Lower(std::string_view(line_).substr(0, colon));
  const std::string value = Lower(Trim(std::string_view(line_).substr(colon + 1)));
  if (name == "content-length") has_length_ = Number(value, 10, length_);
  if (name == "transfer-encoding") chunked_ = value == "chunked";
  if (name == "connection" && value == "close") must_close_ = true;
}

void ReplyParser::OnHeadEnd() {
  if (status_ < 200 && status_ != 101) {
    saw_continue_ = saw_continue_ || status_ == 100;
    status_ = 0;
    has_length_ = chunked_ = false;
    return;
  }
  const bool empty = head_request_ || status_ == 101 || status_ == 204 || status_ == 304;
  if (empty || (has_length_ && length_ == 0)) {
    state_ = State::kDone;
  } else if (chunked_) {
    state_ = State::kChunkSize;
  } else if (has_length_) {
    remaining_ = length_;
    state_ = State::kSized;
  } else {
    must_close_ = true;
    state_ = State::kToEnd;
  }
}

void ReplyParser::OnChunkSize() {
  if (!Number(line_, 16, remaining_)) {
    state_ = State::kFailed;
  } else {
    state_ = remaining_ == 0 ? State::kTrailer : State::kChunkData;
  }
}

}  // namespace spanwire::load
