// SPDX-License-Identifier: Apache-2.0
#include "agent/model/attribute.h"

#include <bit>

namespace spanwire::model {

void AttributeList::Set(std::string_view key, std::string_view value) {
  Entry& entry = Slot(key);
  entry.type = Type::kString;
  Store(entry, value);
}

void AttributeList::SetInt(std::string_view key, int64_t value) {
  Entry& entry = Slot(key);
  entry.type = Type::kInt;
  entry.bits = value;
}

void AttributeList::SetDouble(std::string_view key, double value) {
  Entry& entry = Slot(key);
  entry.type = Type::kDouble;
  entry.bits = std::bit_cast<int64_t>(value);
}

void AttributeList::SetBool(std::string_view key, bool value) {
  Entry& entry = Slot(key);
  entry.type = Type::kBool;
  entry.bits = value ? 1 : 0;
}

void AttributeList::SetDynamic(std::string_view key, std::string_view value) {
  const size_t found = Find(key);
  if (found != kNone) {
    entries_[found].type = Type::kString;
    Store(entries_[found], value);
    return;
  }
  Entry& entry = entries_.emplace_back();
  entry.key_offset = static_cast<uint32_t>(text_.size());
  entry.key_size = static_cast<uint32_t>(key.size());
  text_.Append(key);
  Store(entry, value);
}

void AttributeList::AddFrom(const AttributeList& other, size_t index) {
  const size_t shared = other.base_size();
  if (index < shared) return AddFrom(*other.base_, index);
  const Entry& theirs = other.entries_[index - shared];
  Entry& entry = entries_.emplace_back(theirs);
  if (theirs.static_key == nullptr) {
    entry.key_offset = static_cast<uint32_t>(text_.size());
    text_.Append(other.text_.Part(theirs.key_offset, theirs.key_size));
  }
  if (theirs.type == Type::kString) {
    Store(entry, other.text_.Part(theirs.text_offset, theirs.text_size));
  }
}

void AttributeList::ReplaceOwn(size_t index, std::string_view value) {
  Entry& entry = entries_[index];
  text_.Wipe(entry.text_offset, entry.text_size);
  Store(entry, value);
}

void AttributeList::Merge(const AttributeList& other) {
  for (size_t i = 0; i < other.size(); ++i) {
    if (!Has(other.at(i).key)) AddFrom(other, i);
  }
}

void AttributeList::Clear() {
  text_.Clear();
  entries_.clear();
  base_.reset();
}

std::string_view AttributeList::Text(std::string_view key) const {
  const size_t found = Find(key);
  if (found != kNone) return Own(found).text;
  return base_ ? base_->Text(key) : std::string_view();
}

int64_t AttributeList::Int(std::string_view key, int64_t fallback) const {
  const size_t found = Find(key);
  if (found == kNone) return base_ ? base_->Int(key, fallback) : fallback;
  return entries_[found].type == Type::kInt ? entries_[found].bits : fallback;
}

size_t AttributeList::Find(std::string_view key) const {
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (entry.key_size != key.size()) continue;
    // Mostly the very same constant.
    if (entry.static_key == key.data() || KeyOf(entry) == key) return i;
  }
  return kNone;
}

AttributeList::Entry& AttributeList::Slot(std::string_view key) {
  const size_t found = Find(key);
  return found != kNone ? entries_[found] : AddEntry(key);
}

}  // namespace spanwire::model
