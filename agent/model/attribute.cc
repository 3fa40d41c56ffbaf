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
  Entry entry;
  entry.key_offset = static_cast<uint32_t>(text_.size());
  entry.key_size = static_cast<uint32_t>(key.size());
  text_.append(key);
  Store(entry, value);
  entries_.push_back(entry);
}

void AttributeList::Add(std::string_view key, std::string_view value) {
  Entry& entry = entries_.emplace_back();
  entry.static_key = key;
  Store(entry, value);
}

void AttributeList::AddInt(std::string_view key, int64_t value) {
  Entry& entry = entries_.emplace_back();
  entry.static_key = key;
  entry.type = Type::kInt;
  entry.bits = value;
}

void AttributeList::AddFrom(const AttributeList& other, size_t index) {
  const Entry& theirs = other.entries_[index];
  Entry entry = theirs;
  const std::string_view text(other.text_);
  if (theirs.static_key.empty()) {
    entry.key_offset = static_cast<uint32_t>(text_.size());
    text_.append(text.substr(theirs.key_offset, theirs.key_size));
  }
  if (theirs.type == Type::kString) {
    Store(entry, text.substr(theirs.text_offset, theirs.text_size));
  }
  entries_.push_back(entry);
}

void AttributeList::Replace(size_t index, std::string_view value) {
  Entry& entry = entries_[index];
  text_.replace(entry.text_offset, entry.text_size, entry.text_size, '\0');
  Store(entry, value);
}

void AttributeList::Merge(const AttributeList& other) {
  for (size_t i = 0; i < other.size(); ++i) {
    const View view = other.at(i);
    if (Has(view.key)) continue;
    const Entry& theirs = other.entries_[i];
    if (!theirs.static_key.empty()) {
      Entry& mine = Slot(theirs.static_key);
      mine.type = theirs.type;
      mine.bits = theirs.bits;
      if (theirs.type == Type::kString) Store(mine, view.text);
    } else {
      SetDynamic(view.key, view.text);
    }
  }
}

void AttributeList::Clear() {
  text_.clear();
  entries_.clear();
}

std::string_view AttributeList::Text(std::string_view key) const {
  const size_t found = Find(key);
  return found == kNone ? std::string_view() : at(found).text;
}

int64_t AttributeList::Int(std::string_view key, int64_t fallback) const {
  const size_t found = Find(key);
  return found == kNone || entries_[found].type != Type::kInt ? fallback : entries_[found].bits;
}

size_t AttributeList::Find(std::string_view key) const {
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (KeyOf(entries_[i]) == key) return i;
  }
  return kNone;
}

AttributeList::Entry& AttributeList::Slot(std::string_view key) {
  const size_t found = Find(key);
  if (found != kNone) return entries_[found];
  Entry& entry = entries_.emplace_back();
  entry.static_key = key;
  return entry;
}

void AttributeList::Store(Entry& entry, std::string_view value) {
  entry.text_offset = static_cast<uint32_t>(text_.size());
  entry.text_size = static_cast<uint32_t>(value.size());
  text_.append(value);
}

}  // namespace spanwire::model
