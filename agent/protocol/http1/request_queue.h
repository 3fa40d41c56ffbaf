// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace spanwire::protocol::http1 {

// What must be remembered of a request until its answer begins.
struct SentRequest {
  bool is_head = false;
  bool is_connect = false;
  bool asks_upgrade = false;
};

// The requests that wait for their answers, oldest first. Bounded; its memory grows with the depth
// of the pipeline and is kept.
class RequestQueue {
 public:
  static constexpr size_t kLimit = 4096;

  // False when kLimit requests wait.
  [[nodiscard]] bool Push(SentRequest request) {
    if (size_ == kLimit) return false;
    if (size_ == ring_.size()) Grow();
    ring_[(first_ + size_) % ring_.size()] = request;
    ++size_;
    return true;
  }

  // Requires !empty().
  SentRequest Pop() {
    const SentRequest request = ring_[first_];
    first_ = (first_ + 1) % ring_.size();
    --size_;
    return request;
  }

  // The newest. Requires !empty().
  SentRequest Back() const { return ring_[(first_ + size_ - 1) % ring_.size()]; }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  void KeepNewest(size_t count) {
    while (size_ > count) Pop();
  }

 private:
  void Grow() {
    std::vector<SentRequest> larger(ring_.empty() ? 4 : ring_.size() * 2);
    for (size_t i = 0; i < size_; ++i) larger[i] = ring_[(first_ + i) % ring_.size()];
    ring_.swap(larger);
    first_ = 0;
  }

  std::vector<SentRequest> ring_;
  size_t first_ = 0;
  size_t size_ = 0;
};

}  // namespace spanwire::protocol::http1
