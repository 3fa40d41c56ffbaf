// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include "agent/model/connection.h"

namespace spanwire::connection {

// Which two UNIX sockets are the ends of one connection. Nothing records that such a socket was
// closed: what tells is the end of the stream at the other end. A pair is forgotten when both ends
// were told, and the oldest when there are too many.
class UnixPeers {
 public:
  explicit UnixPeers(size_t limit = kLimit) : limit_(limit) {}

  void Add(const model::Connection& connection);
  void Remove(model::ConnectionId id);

  // `id` has read the end of its stream. The other end, when both are known.
  std::optional<model::ConnectionId> OnEof(model::ConnectionId id);

  size_t size() const { return ends_.size(); }

 private:
  static constexpr size_t kLimit = 32'768;
  struct End {
    uint64_t inode = 0;
    uint64_t peer_inode = 0;
    uint64_t serial = 0;
    bool read_to_end = false;
  };

  struct Place {
    model::ConnectionId id = 0;
    uint64_t serial = 0;
  };

  std::optional<model::ConnectionId> Find(const End& end) const;
  void Shrink();

  size_t limit_;
  uint64_t serial_ = 0;
  std::unordered_map<model::ConnectionId, End> ends_;
  std::unordered_map<uint64_t, model::ConnectionId> by_inode_;
  // By the inode of the other end: the end that connected did not know its peer yet.
  std::unordered_map<uint64_t, model::ConnectionId> by_peer_inode_;
  std::deque<Place> order_;  // oldest first; may name connections that are gone
};

}  // namespace spanwire::connection
