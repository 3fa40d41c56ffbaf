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
    if (known->second.serial == kClaimed) --claimed_;
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
  // Taken requests leave their age behind: those count as well, so that memory is bounded.
  while (ages_.size() > limit_) {
    const Age oldest = ages_.front();
    ages_.pop_front();
    const auto old = entries_.find(oldest.key);
    if (old == entries_.end() || old->second.serial != oldest.serial) continue;
    ++evicted_;
    Recycle(old);
  }
}

void HopTable::Claim(const Hash128& key) {
  const auto found = entries_.find(key.low);
  if (found == entries_.end() || found->second.check != key.high) return;
  if (found->second.serial == kClaimed || claimed_ >= limit_) return;
  found->second.serial = kClaimed;
  ++claimed_;
  DropSettledAges();
}

bool HopTable::Take(const Hash128& key, HopContext& context) {
  const auto found = entries_.find(key.low);
  if (found == entries_.end() || found->second.check != key.high) return false;
  context = found->second.context;
  const bool claimed = found->second.serial == kClaimed;
  Recycle(found);
  if (!claimed) DropSettledAges();
  return true;
}

// Mostly the request that was just claimed or taken is the oldest.
void HopTable::DropSettledAges() {
  while (!ages_.empty()) {
    const auto oldest = entries_.find(ages_.front().key);
    if (oldest != entries_.end() && oldest->second.serial == ages_.front().serial) return;
    ages_.pop_front();
  }
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
  if (entry->second.serial == kClaimed) --claimed_;
  Map::node_type node = entries_.extract(entry);
  if (spare_.size() < kMaxSpare) spare_.push_back(std::move(node));
}

}  // namespace spanwire::trace
