// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/self_filter.h"

#include <string_view>

#include "agent/base/hash.h"

namespace spanwire::connection {
namespace {

uint64_t HashEnd(const model::Endpoint& end) {
  const std::string_view address(reinterpret_cast<const char*>(end.address.data()),  // NOLINT
                                 end.address.size());
  return HashBytes(address, end.port).low;
}

// The pair as `near` sees it; 0 when it says nothing.
uint64_t KeyOf(uint64_t near, uint64_t far) {
  if (near == 0 || far == 0) return 0;
  return MixBits(near) ^ (MixBits(far) << 1);
}

uint64_t NearKey(const model::Connection& connection) {
  if (connection.transport == model::Transport::kUnix) {
    return KeyOf(connection.inode, connection.peer_inode);
  }
  return KeyOf(HashEnd(connection.local), HashEnd(connection.remote));
}

uint64_t FarKey(const model::Connection& connection) {
  if (connection.transport == model::Transport::kUnix) {
    return KeyOf(connection.peer_inode, connection.inode);
  }
  return KeyOf(HashEnd(connection.remote), HashEnd(connection.local));
}

}  // namespace

void SelfFilter::Add(const model::Connection& self) {
  const uint64_t key = NearKey(self);
  if (key == 0) return;
  Remove(self.id);
  // Not all have a record of their end.
  if (keys_.size() >= kLimit) Remove(keys_.begin()->first);
  keys_[self.id] = key;
  own_.insert(key);
}

void SelfFilter::Remove(model::ConnectionId id) {
  const auto found = keys_.find(id);
  if (found == keys_.end()) return;
  own_.erase(found->second);
  keys_.erase(found);
}

bool SelfFilter::IsPeer(const model::Connection& connection) const {
  return !own_.empty() && own_.contains(FarKey(connection));
}

bool SelfFilter::AreEnds(const model::Connection& one, const model::Connection& other) {
  const uint64_t key = NearKey(one);
  return key != 0 && key == FarKey(other);
}

}  // namespace spanwire::connection
