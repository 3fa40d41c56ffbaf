// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace spanwire::protocol::postgresql {

// What was prepared or bound on a connection, by name: the least recently used goes when there is
// more than `max_bytes` or `max_entries`. T has size_bytes().
template <typename T>
class NamedItems {
 public:
  NamedItems(size_t max_entries, size_t max_bytes)
      : max_entries_(max_entries), max_bytes_(max_bytes) {}

  void Put(std::string_view name, T item) {
    Erase(name);
    const size_t size = item.size_bytes() + name.size();
    if (size > max_bytes_) return;
    while (!items_.empty() && (items_.size() >= max_entries_ || bytes_ + size > max_bytes_)) {
      EraseAt(std::prev(items_.end()));
    }
    items_.push_front({std::string(name), std::move(item)});
    index_.emplace(items_.front().name, items_.begin());
    bytes_ += size;
  }

  // Null when there is none of that name, or no more. Lives until the next Put() or Erase().
  const T* Find(std::string_view name) {
    const auto found = index_.find(name);
    if (found == index_.end()) return nullptr;
    items_.splice(items_.begin(), items_, found->second);
    return &items_.front().item;
  }

  void Erase(std::string_view name) {
    const auto found = index_.find(name);
    if (found != index_.end()) EraseAt(found->second);
  }

  size_t size() const { return items_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string name;
    T item;
  };
  using Position = typename std::list<Entry>::iterator;

  void EraseAt(Position position) {
    bytes_ -= position->item.size_bytes() + position->name.size();
    index_.erase(position->name);
    items_.erase(position);
  }

  size_t max_entries_;
  size_t max_bytes_;
  size_t bytes_ = 0;
  std::list<Entry> items_;                                // the last used first
  std::unordered_map<std::string_view, Position> index_;  // names lie in items_
};

}  // namespace spanwire::protocol::postgresql
