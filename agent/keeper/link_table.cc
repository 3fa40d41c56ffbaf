// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/link_table.h"

#include <algorithm>

namespace spanwire::keeper {
namespace {

void AddTo(std::vector<door::LinkCounts>& all, const door::LinkCounts& one) {
  const auto same = std::ranges::find_if(all, [&](const door::LinkCounts& other) {
    return other.pid == one.pid && other.service == one.service;
  });
  if (same == all.end()) {
    if (all.size() < SPANWIRE_DOOR_LINK_PLACES) all.push_back(one);
    return;
  }
  for (const auto& [how, spans] : one.spans) {
    const auto known =
        std::ranges::find(same->spans, how, &std::pair<std::string, uint64_t>::first);
    if (known == same->spans.end()) {
      same->spans.emplace_back(how, spans);
    } else {
      known->second += spans;
    }
  }
}

}  // namespace

void LinkTable::Set(door::LinkCounts counts) {
  disagreements_ = counts.disagreements;
  present_[counts.place] = std::move(counts);
}

void LinkTable::EndWorker() {
  past_ = processes();
  present_.clear();
  past_disagreements_ += std::exchange(disagreements_, 0);
}

std::vector<door::LinkCounts> LinkTable::processes() const {
  std::vector<door::LinkCounts> all = past_;
  for (const auto& [place, counts] : present_) AddTo(all, counts);
  return all;
}

}  // namespace spanwire::keeper
