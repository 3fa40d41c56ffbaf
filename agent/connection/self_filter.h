// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <unordered_set>

#include "agent/model/connection.h"

namespace spanwire::connection {

// Knows the agent's own connections, and so the other ends of those that stay on this host: spans
// about the delivery of spans would never end.
class SelfFilter {
 public:
  void Add(const model::Connection& self);
  void Remove(const model::Connection& self);

  // `connection` is the other end of one of the agent's own.
  bool IsPeer(const model::Connection& connection) const;

 private:
  std::unordered_set<uint64_t> own_;  // hashes of (local end, remote end)
};

}  // namespace spanwire::connection
