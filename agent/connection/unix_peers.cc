// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/unix_peers.h"

namespace spanwire::connection {

void UnixPeers::Add(const model::Connection& connection) {
  if (connection.transport != model::Transport::kUnix) return;
  if (connection.inode != 0) by_inode_[connection.inode] = connection.id;
  if (connection.peer_inode != 0) by_peer_inode_[connection.peer_inode] = connection.id;
}

void UnixPeers::Remove(const model::Connection& connection) {
  if (connection.transport != model::Transport::kUnix) return;
  by_inode_.erase(connection.inode);
  by_peer_inode_.erase(connection.peer_inode);
}

std::optional<model::ConnectionId> UnixPeers::Find(const model::Connection& connection) const {
  if (const auto found = by_peer_inode_.find(connection.inode); found != by_peer_inode_.end()) {
    return found->second;
  }
  if (const auto found = by_inode_.find(connection.peer_inode); found != by_inode_.end()) {
    return found->second;
  }
  return std::nullopt;
}

}  // namespace spanwire::connection
