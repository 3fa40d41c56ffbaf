// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/hop_table.h"

#include <utility>

namespace spanwire::trace {
namespace {

constexpr size_t kMaxSpare = 1024;

}  // namespace

void HopTable::Add(const Hash128& key, const HopContext& context, Nanoseconds now) {
  const Entry entry{.check = key.high, .serial = ++serial_, .context = context};
  ages_.push_back({.added_ns = now, .key = key.low, .serial = entry.serial});
  const auto known = entries_.find(key.low);
  if (known != entries_.end()) {
    known->second = entry;
  } else if (spare_.empty()) {
    entries_.emplace(key.low, entry);
  } else {
    Map::node_type node = std::move(spare_.back());
    spare_.pop_back();
    node.key() = key.low;
    node.mapped() = entry;
    entries_.insert(std::move(node));
  }
  // Claimed requests leave their age behind: those count as well, so that memory is bounded.
  while (ages_.size() > limit_) {
    const Age oldest = ages_.front();
    ages_.pop_front();
    const auto old = entries_.find(oldest.key);
    if (old == entries_.end() || old->second.serial != oldest.serial) continue;
    ++evicted_;
    Recycle(old);
  }
}

bool HopTable::Take(const Hash128& key, HopContext& context) {
  const auto found = entries_.find(key.low);
  if (found == entries_.end() || found->second.check != key.high) return false;
  context = found->second.context;
  Recycle(found);
  // Mostly the claimed one is the oldest.
  while (!ages_.empty() && !entries_.contains(ages_.front().key)) ages_.pop_front();
  return true;
}

void HopTable::Update(const Hash128& key, const HopContext& context) {
  const auto found = entries_.find(key.low);
  if (found != entries_.end() && found->second.check == key.high) found->second.context = context;
}

void HopTable::Expire(Nanoseconds now) {
  while (!ages_.empty() && ages_.front().added_ns + expiry_ns_ < now) {
    const Age oldest = ages_.front();
    ages_.pop_front();
    const auto old = entries_.find(oldest.key);
    if (old != entries_.end() && old->second.serial == oldest.serial) Recycle(old);
  }
}

void HopTable::Recycle(Map::iterator entry) {
  Map::node_type node = entries_.extract(entry);
  if (spare_.size() < kMaxSpare) spare_.push_back(std::move(node));
}

}  // namespace spanwire::trace
