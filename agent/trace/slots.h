// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace spanwire::trace {

// Names a value in Slots. Never names another one: a value that is gone is not found.
struct Handle {
  uint32_t index = 0;
  uint32_t serial = 0;  // 0: names nothing
  explicit operator bool() const { return serial != 0; }
  bool operator==(const Handle&) const = default;
};

// Values with names that stay valid while others come and go. Pointers live until the next Add().
template <typename T>
class Slots {
 public:
  Handle Add(T value) {
    ++size_;
    if (free_.empty()) {
      slots_.push_back({std::move(value), 1, true});
      return {static_cast<uint32_t>(slots_.size() - 1), 1};
    }
    const uint32_t index = free_.back();
    free_.pop_back();
    Slot& slot = slots_[index];
    slot.value = std::move(value);
    slot.used = true;
    return {index, slot.serial};
  }

  T* Find(Handle handle) {
    if (!handle || handle.index >= slots_.size()) return nullptr;
    Slot& slot = slots_[handle.index];
    return slot.used && slot.serial == handle.serial ? &slot.value : nullptr;
  }

  // Requires that `handle` is here.
  void Remove(Handle handle) {
    Slot& slot = slots_[handle.index];
    slot.value = T();
    slot.used = false;
    if (++slot.serial == 0) slot.serial = 1;
    free_.push_back(handle.index);
    --size_;
  }

  size_t size() const { return size_; }

 private:
  struct Slot {
    T value;
    uint32_t serial = 1;
    bool used = false;
  };
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  size_t size_ = 0;
};

}  // namespace spanwire::trace
