// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <unordered_set>

#include "agent/model/connection.h"

namespace spanwire::trace {

// An IP address in one form: IPv4 as mapped IPv6.
using Address = std::array<uint8_t, 16>;

Address NormalAddress(const model::Endpoint& endpoint, bool ipv6);
bool IsLoopback(const Address& address);

// The addresses of this host and of the containers on it, learnt from the connections seen here.
// Bounded: what does not fit is taken for remote.
class LocalAddresses {
 public:
  void Learn(const model::Connection& connection);

  // The other end of `connection` may be a process of this host.
  bool MayBeLocal(const model::Connection& connection) const;

 private:
  std::unordered_set<uint64_t> known_;  // hashes
  Address last_{};                      // learnt last
};

}  // namespace spanwire::trace
