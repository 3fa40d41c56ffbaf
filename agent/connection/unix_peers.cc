// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/unix_peers.h"

namespace spanwire::connection {
namespace {

// An inode number may belong to another socket by now.
void Unlink(std::unordered_map<uint64_t, model::ConnectionId>& table, uint64_t inode,
            model::ConnectionId id) {
  const auto found = table.find(inode);
  if (found != table.end() && found->second == id) table.erase(found);
}

}  // namespace

void UnixPeers::Add(const model::Connection& connection) {
  if (connection.transport != model::Transport::kUnix) return;
  Remove(connection.id);
  const End end{connection.inode, connection.peer_inode, ++serial_, false};
  ends_[connection.id] = end;
  if (end.inode != 0) by_inode_[end.inode] = connection.id;
  if (end.peer_inode != 0) by_peer_inode_[end.peer_inode] = connection.id;
  order_.emplace_back(connection.id, end.serial);
  Shrink();
}

void UnixPeers::Remove(model::ConnectionId id) {
  const auto found = ends_.find(id);
  if (found == ends_.end()) return;
  Unlink(by_inode_, found->second.inode, id);
  Unlink(by_peer_inode_, found->second.peer_inode, id);
  ends_.erase(found);
}

std::optional<model::ConnectionId> UnixPeers::OnEof(model::ConnectionId id) {
  const auto found = ends_.find(id);
  if (found == ends_.end()) return std::nullopt;
  found->second.read_to_end = true;
  const auto peer = Find(found->second);
  const auto other = peer ? ends_.find(*peer) : ends_.end();
  if (other != ends_.end() && other->second.read_to_end) {
    Remove(id);
    Remove(*peer);
  }
  return peer;
}

std::optional<model::ConnectionId> UnixPeers::Find(const End& end) const {
  if (const auto found = by_peer_inode_.find(end.inode); found != by_peer_inode_.end()) {
    return found->second;
  }
  if (const auto found = by_inode_.find(end.peer_inode); found != by_inode_.end()) {
    return found->second;
  }
  return std::nullopt;
}

void UnixPeers::Shrink() {
  const auto gone = [this](const Place& place) {
    const auto found = ends_.find(place.id);
    return found == ends_.end() || found->second.serial != place.serial;
  };
  if (order_.size() > 2 * limit_) std::erase_if(order_, gone);
  while (ends_.size() > limit_) {
    const Place oldest = order_.front();
    order_.pop_front();
    if (!gone(oldest)) Remove(oldest.id);
  }
}

}  // namespace spanwire::connection
