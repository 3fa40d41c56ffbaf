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
  if (const uint64_t key = NearKey(self); key != 0) own_.insert(key);
}

void SelfFilter::Remove(const model::Connection& self) { own_.erase(NearKey(self)); }

bool SelfFilter::IsPeer(const model::Connection& connection) const {
  return !own_.empty() && own_.contains(FarKey(connection));
}

}  // namespace spanwire::connection
