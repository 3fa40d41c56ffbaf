// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace spanwire {

// Text that grows at its end, for hot paths: unlike std::string it is moved by its pointer and an
// append is a compare and a copy in the caller. Clear() keeps the memory.
class TextBuffer {
 public:
  TextBuffer() = default;
  TextBuffer(const TextBuffer& other) { Append(other.view()); }
  TextBuffer(TextBuffer&& other) noexcept { Swap(other); }
  TextBuffer& operator=(TextBuffer other) noexcept {
    Swap(other);
    return *this;
  }
  ~TextBuffer() = default;

  // `text` must not lie in this buffer.
  void Append(std::string_view text) {
    if (capacity_ - size_ < text.size()) Grow(text.size());
    // The source may be null where there is nothing to copy.
    if (!text.empty()) std::memcpy(bytes_.get() + size_, text.data(), text.size());
    size_ += text.size();
  }

  // Overwrites `size` bytes at `offset`. Requires: they are there.
  void Wipe(size_t offset, size_t size) { std::memset(bytes_.get() + offset, 0, size); }

  void Clear() { size_ = 0; }
  void Swap(TextBuffer& other) noexcept {
    bytes_.swap(other.bytes_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  size_t size() const { return size_; }
  // Lives until the next non-const call.
  std::string_view view() const { return {bytes_.get(), size_}; }
  // Requires: the part is there.
  std::string_view Part(size_t offset, size_t size) const { return {bytes_.get() + offset, size}; }

 private:
  void Grow(size_t more) {
    const size_t capacity = std::max({2 * capacity_, size_ + more, kLeast});
    auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
    std::copy_n(bytes_.get(), size_, bytes.get());
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  static constexpr size_t kLeast = 128;

  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace spanwire
