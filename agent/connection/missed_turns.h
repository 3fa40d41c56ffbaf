// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

namespace spanwire::connection {

// Turns of which no record told although later ones did. Their records are late or lost. Turns are
// numbered modulo 2^32; ranges are added in rising order.
class MissedTurns {
 public:
  void Add(uint32_t first, uint32_t last) {
    ranges_.push_back({first, last});
    waiting_ = true;
    // Whoever loses so many turns at a time will not find them one by one.
    if (ranges_.size() <= kMaxRanges) return;
    ranges_[1].first = ranges_[0].first;
    ranges_.erase(ranges_.begin());
  }

  // A record of `turn` came after all.
  void Remove(uint32_t turn) {
    const auto found = std::find_if(ranges_.begin(), ranges_.end(), [turn](const Range& range) {
      return !IsLater(range.first, turn) && !IsLater(turn, range.last);
    });
    if (found == ranges_.end()) return;
    const Range before{found->first, turn - 1};
    const Range behind{turn + 1, found->last};
    auto next = ranges_.erase(found);
    if (!IsLater(behind.first, behind.last)) next = ranges_.insert(next, behind);
    if (!IsLater(before.first, before.last)) ranges_.insert(next, before);
    if (ranges_.empty()) waiting_ = false;
  }

  // Forgets those before `turn`. True when there were some.
  bool RemoveUpTo(uint32_t turn) {
    const size_t size = ranges_.size();
    std::erase_if(ranges_, [turn](const Range& range) { return IsLater(turn, range.first); });
    if (ranges_.empty()) waiting_ = false;
    return ranges_.size() < size;
  }

  // What is missing now is lost: it is not waited for, but still known.
  void StopWaiting() { waiting_ = false; }
  void Clear() {
    ranges_.clear();
    waiting_ = false;
  }

  bool empty() const { return ranges_.empty(); }
  bool waiting() const { return waiting_; }

 private:
  static constexpr size_t kMaxRanges = 16;
  struct Range {
    uint32_t first = 0;
    uint32_t last = 0;
  };
  static bool IsLater(uint32_t turn, uint32_t than) {
    return static_cast<int32_t>(turn - than) > 0;
  }

  std::vector<Range> ranges_;
  bool waiting_ = false;
};

}  // namespace spanwire::connection
