// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "agent/model/connection.h"

namespace spanwire::connection {

// Which two UNIX sockets are the ends of one connection. Nothing records that such a socket was
// closed: what tells is the end of the stream at the other end.
class UnixPeers {
 public:
  void Add(const model::Connection& connection);
  void Remove(const model::Connection& connection);

  // The other end of `connection`, when both are known.
  std::optional<model::ConnectionId> Find(const model::Connection& connection) const;

 private:
  std::unordered_map<uint64_t, model::ConnectionId> by_inode_;
  // By the inode of the other end: the end that connected did not know its peer yet.
  std::unordered_map<uint64_t, model::ConnectionId> by_peer_inode_;
};

}  // namespace spanwire::connection
