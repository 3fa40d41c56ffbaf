// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>

#include "agent/model/connection.h"

namespace spanwire::connection {

// Knows the agent's own connections, and so the other ends of those that stay on this host: spans
// about the delivery of spans would never end.
class SelfFilter {
 public:
  void Add(const model::Connection& self);
  void Remove(model::ConnectionId id);

  // `connection` is the other end of one of the agent's own.
  bool IsPeer(const model::Connection& connection) const;

  // They are the two ends of one connection.
  static bool AreEnds(const model::Connection& one, const model::Connection& other);

 private:
  static constexpr size_t kLimit = 4096;
  std::unordered_map<model::ConnectionId, uint64_t> keys_;
  std::unordered_set<uint64_t> own_;  // hashes of (local end, remote end)
};

}  // namespace spanwire::connection
