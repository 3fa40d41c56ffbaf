// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace spanwire {

// Hands items from one thread to one other, in order and without a lock. Bounded: who pushes to a
// full queue waits, and so does who pops from an empty one.
template <typename T>
class SpscQueue {
 public:
  // Holds at least `capacity` items.
  explicit SpscQueue(uint32_t capacity) : slots_(std::bit_ceil(capacity)) {}

  // One thread.
  void Push(T item) {
    const uint32_t tail = tail_.load(std::memory_order_relaxed);
    for (uint32_t head = Head(); tail - head == slots_.size(); head = Head()) head_.wait(head);
    slots_[tail % slots_.size()] = std::move(item);
    Publish(tail_, tail + 1);
  }

  // Another one.
  T Pop() {
    const uint32_t head = head_.load(std::memory_order_relaxed);
    while (Tail() == head) tail_.wait(head);
    return Take(head);
  }
  std::optional<T> TryPop() {
    const uint32_t head = head_.load(std::memory_order_relaxed);
    if (Tail() == head) return std::nullopt;
    return Take(head);
  }

 private:
  static constexpr size_t kCacheLine = 64;

  uint32_t Head() const { return head_.load(std::memory_order_acquire); }
  uint32_t Tail() const { return tail_.load(std::memory_order_acquire); }

  // Sequentially consistent: the look for waiting threads must not come before the store.
  static void Publish(std::atomic<uint32_t>& place, uint32_t value) {
    place.store(value, std::memory_order_seq_cst);
    place.notify_one();
  }

  T Take(uint32_t head) {
    T item = std::move(slots_[head % slots_.size()]);
    Publish(head_, head + 1);
    return item;
  }

  std::vector<T> slots_;
  alignas(kCacheLine) std::atomic<uint32_t> head_{0};  // items popped
  alignas(kCacheLine) std::atomic<uint32_t> tail_{0};  // items pushed
};

}  // namespace spanwire
