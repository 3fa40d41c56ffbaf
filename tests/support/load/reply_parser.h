// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spanwire::load {

// Reads one HTTP/1 answer from well-behaved test servers: interim answers, then head and content.
//
// Deliberately not the agent's parser: the truth it is judged by must not share its mistakes.
class ReplyParser {
 public:
  // `head_request`: the answer to HEAD has no content whatever its fields say.
  explicit ReplyParser(bool head_request) : head_request_(head_request) {}

  // Takes bytes off the front of `bytes` until the answer is complete. Returns how many.
  size_t Feed(std::string_view bytes);
  // The peer closed. Returns whether that completes the answer.
  bool FeedEnd();

  bool done() const { return state_ == State::kDone; }
  bool failed() const { return state_ == State::kFailed; }
  bool started() const { return started_; }
  bool saw_continue() const { return saw_continue_; }
  bool must_close() const { return must_close_; }
  int status() const { return status_; }
  // Content without chunk framing.
  uint64_t body_bytes() const { return body_bytes_; }

 private:
  enum class State {
    kHead,
    kSized,
    kChunkSize,
    kChunkData,
    kChunkEnd,
    kTrailer,
    kToEnd,
    kDone,
    kFailed
  };

  bool TakeLine(std::string_view& bytes);
  void TakeContent(std::string_view& bytes);
  void OnLine();
  void OnHeadLine();
  void OnHeadEnd();
  void OnChunkSize();

  bool head_request_;
  State state_ = State::kHead;
  std::string line_;
  bool started_ = false;
  bool saw_continue_ = false;
  bool must_close_ = false;
  bool has_length_ = false;
  bool chunked_ = false;
  int status_ = 0;
  uint64_t length_ = 0;     // the Content-Length field
  uint64_t remaining_ = 0;  // of the content or of the chunk
  uint64_t body_bytes_ = 0;
};

}  // namespace spanwire::load
