// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/address.h"

#include <algorithm>
#include <string_view>

#include "agent/base/hash.h"

namespace spanwire::trace {
namespace {

constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr size_t kMaxAddresses = 4096;

uint64_t Hash(const Address& address) {
  const std::string_view bytes(reinterpret_cast<const char*>(address.data()),  // NOLINT
                               address.size());
  return HashBytes(bytes, 0).low;
}

}  // namespace

Address NormalAddress(const model::Endpoint& endpoint, bool ipv6) {
  if (ipv6) return endpoint.address;
  Address address{};
  std::copy(kMapped.begin(), kMapped.end(), address.begin());
  std::copy_n(endpoint.address.begin(), 4, address.begin() + kMapped.size());
  return address;
}

bool IsLoopback(const Address& address) {
  if (std::equal(kMapped.begin(), kMapped.end(), address.begin())) return address[12] == 127;
  static constexpr Address kLoopback6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return address == kLoopback6;
}

void LocalAddresses::Learn(const model::Connection& connection) {
  if (connection.transport == model::Transport::kUnix) return;
  const Address local = NormalAddress(connection.local, connection.ipv6);
  if (local == last_ || known_.size() >= kMaxAddresses) return;
  last_ = local;
  known_.insert(Hash(local));
}

bool LocalAddresses::MayBeLocal(const model::Connection& connection) const {
  if (connection.transport == model::Transport::kUnix) return true;
  const Address remote = NormalAddress(connection.remote, connection.ipv6);
  return IsLoopback(remote) || remote == last_ || known_.contains(Hash(remote));
}

}  // namespace spanwire::trace
