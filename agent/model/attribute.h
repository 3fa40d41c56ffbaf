// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/text_buffer.h"

namespace spanwire::model {

// A list of OpenTelemetry attributes: unique keys, values string | int | double | bool.
//
// A value type that is cheap to reuse: all text lies in one buffer, and Clear() keeps the memory.
// What many lists have in common is a list of its own, their base, and stands before the rest.
// Keys given as `std::string_view` must have static storage (conventions.h); dynamic keys are
// copied with SetDynamic().
class AttributeList {
 public:
  enum class Type : uint8_t { kString, kInt, kDouble, kBool };

  // One attribute as a reader sees it; views live until the next non-const call on the list.
  struct View {
    std::string_view key;
    Type type = Type::kString;
    std::string_view text;  // kString
    int64_t integer = 0;    // kInt, kBool (0 or 1)
    double number = 0;      // kDouble
  };

  // Sets `key`, replacing an earlier value.
  void Set(std::string_view key, std::string_view value);
  void Set(std::string_view key, const char* value) { Set(key, std::string_view(value)); }
  void SetInt(std::string_view key, int64_t value);
  void SetDouble(std::string_view key, double value);
  void SetBool(std::string_view key, bool value);
  // As Set(), but copies the key too.
  void SetDynamic(std::string_view key, std::string_view value);

  // As Set() and SetInt(), for a key that is not here yet: saves looking for it.
  void Add(std::string_view key, std::string_view value);
  void AddInt(std::string_view key, int64_t value);
  // Adds one attribute of `other`, whose key is not here yet.
  void AddFrom(const AttributeList& other, size_t index);

  // Gives the string attribute Own(index) another value. The old one is overwritten in memory.
  void ReplaceOwn(size_t index, std::string_view value);

  // Puts the attributes of `base`, which has no base itself, before all others. Their keys must not
  // occur among the others, nor be set.
  void SetBase(std::shared_ptr<const AttributeList> base) { base_ = std::move(base); }
  const std::shared_ptr<const AttributeList>& base() const { return base_; }
  size_t base_size() const { return base_ ? base_->entries_.size() : 0; }

  // Adds the attributes of `other`; those already here win.
  void Merge(const AttributeList& other);

  void Clear();
  void Swap(AttributeList& other) noexcept {
    text_.Swap(other.text_);
    entries_.swap(other.entries_);
    base_.swap(other.base_);
  }

  // Indices count through the base, then through the rest.
  size_t size() const { return base_size() + entries_.size(); }
  bool empty() const { return size() == 0; }
  View at(size_t index) const {
    const size_t shared = base_size();
    return index < shared ? base_->Own(index) : Own(index - shared);
  }

  // The string value of `key`; empty when absent or not a string.
  std::string_view Text(std::string_view key) const;
  // The integer value of `key`; `fallback` when absent.
  int64_t Int(std::string_view key, int64_t fallback) const;
  // The attributes without those of the base.
  size_t own_size() const { return entries_.size(); }
  View Own(size_t index) const;
  // All their text that is not static, in one piece: keys and values. For checks that one pass can
  // make.
  std::string_view OwnText() const { return text_.view(); }
  bool Has(std::string_view key) const {
    return Find(key) != kNone || (base_ && base_->Find(key) != kNone);
  }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);
  struct Entry {
    const char* static_key = nullptr;  // null: the key lies in text_
    uint32_t key_size = 0;
    uint32_t key_offset = 0;
    uint32_t text_offset = 0;
    uint32_t text_size = 0;
    int64_t bits = 0;
    Type type = Type::kString;
  };

  size_t Find(std::string_view key) const;
  std::string_view KeyOf(const Entry& entry) const;
  Entry& Slot(std::string_view key);
  Entry& AddEntry(std::string_view key);
  void Store(Entry& entry, std::string_view value);

  TextBuffer text_;
  std::vector<Entry> entries_;
  std::shared_ptr<const AttributeList> base_;
};

inline std::string_view AttributeList::KeyOf(const Entry& entry) const {
  if (entry.static_key != nullptr) return {entry.static_key, entry.key_size};
  return text_.Part(entry.key_offset, entry.key_size);
}

inline AttributeList::View AttributeList::Own(size_t index) const {
  const Entry& entry = entries_[index];
  View view;
  view.key = KeyOf(entry);
  view.type = entry.type;
  if (entry.type == Type::kString) {
    view.text = text_.Part(entry.text_offset, entry.text_size);
  } else if (entry.type == Type::kDouble) {
    view.number = std::bit_cast<double>(entry.bits);
  } else {
    view.integer = entry.bits;
  }
  return view;
}

inline AttributeList::Entry& AttributeList::AddEntry(std::string_view key) {
  Entry& entry = entries_.emplace_back();
  entry.static_key = key.data();
  entry.key_size = static_cast<uint32_t>(key.size());
  return entry;
}

inline void AttributeList::Store(Entry& entry, std::string_view value) {
  entry.text_offset = static_cast<uint32_t>(text_.size());
  entry.text_size = static_cast<uint32_t>(value.size());
  text_.Append(value);
}

inline void AttributeList::Add(std::string_view key, std::string_view value) {
  Store(AddEntry(key), value);
}

inline void AttributeList::AddInt(std::string_view key, int64_t value) {
  Entry& entry = AddEntry(key);
  entry.type = Type::kInt;
  entry.bits = value;
}

}  // namespace spanwire::model
