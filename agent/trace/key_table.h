// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "agent/base/hash.h"

namespace spanwire::trace {

// A map from 64-bit keys to small values in one piece of memory: open addressing, linear probing,
// no tombstones. Pointers live until the next Put() or Erase().
template <typename V>
class KeyTable {
 public:
  V* Find(uint64_t key) {
    if (cells_.empty()) return nullptr;
    for (size_t i = Home(key);; i = Next(i)) {
      if (!cells_[i].used) return nullptr;
      if (cells_[i].key == key) return &cells_[i].value;
    }
  }

  // The value of `key`, made when there is none.
  V& Put(uint64_t key) {
    if (V* found = Find(key)) return *found;
    if ((size_ + 1) * 4 > cells_.size() * 3) Grow();
    ++size_;
    return Place(key);
  }

  bool Erase(uint64_t key) {
    if (cells_.empty()) return false;
    for (size_t i = Home(key); cells_[i].used; i = Next(i)) {
      if (cells_[i].key != key) continue;
      Close(i);
      --size_;
      return true;
    }
    return false;
  }

  // Erases what `unwanted(key, value)` names; may look at an entry twice.
  template <typename Unwanted>
  void EraseIf(Unwanted unwanted) {
    std::vector<uint64_t> keys;
    for (Cell& cell : cells_) {
      if (cell.used && unwanted(cell.key, cell.value)) keys.push_back(cell.key);
    }
    for (const uint64_t key : keys) Erase(key);
  }

  size_t size() const { return size_; }

 private:
  struct Cell {
    uint64_t key = 0;
    V value{};
    bool used = false;
  };
  static constexpr size_t kFirstSize = 64;

  size_t Home(uint64_t key) const { return MixBits(key) & (cells_.size() - 1); }
  size_t Next(size_t index) const { return (index + 1) & (cells_.size() - 1); }

  V& Place(uint64_t key) {
    size_t i = Home(key);
    while (cells_[i].used) i = Next(i);
    cells_[i].key = key;
    cells_[i].used = true;
    return cells_[i].value;
  }

  void Grow() {
    std::vector<Cell> old(cells_.empty() ? kFirstSize : cells_.size() * 2);
    old.swap(cells_);
    for (Cell& cell : old) {
      if (cell.used) Place(cell.key) = std::move(cell.value);
    }
  }

  // Moves later cells of the run into the hole, so that every probe still finds its key.
  void Close(size_t hole) {
    for (size_t i = Next(hole); cells_[i].used; i = Next(i)) {
      const size_t home = Home(cells_[i].key);
      const bool stays = hole < i ? (home > hole && home <= i) : (home > hole || home <= i);
      if (stays) continue;
      cells_[hole].key = cells_[i].key;
      cells_[hole].value = std::move(cells_[i].value);
      hole = i;
    }
    cells_[hole] = {};
  }

  std::vector<Cell> cells_;
  size_t size_ = 0;
};

}  // namespace spanwire::trace
