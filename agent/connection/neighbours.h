// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "agent/connection/self_filter.h"
#include "agent/connection/unix_peers.h"
#include "agent/model/event.h"
#include "spanwire/abi.h"

namespace spanwire::connection {

// What connections have to do with each other, whichever shard follows them, and what events mean
// for the other end. Decides from events alone, so that shards need not answer.
class Neighbours {
 public:
  // Who else is concerned by a connection event.
  enum class Kin : uint8_t {
    kNone,
    kOwn,      // the agent's own: its other end is to be ignored
    kOwnPeer,  // the other end of one of them: to be taken as the agent's own
  };

  Kin OnConnection(const model::ConnectionEvent& event);

  // The connection that was closed, as `event` tells: who reads the end of a UNIX stream was sent
  // it.
  std::optional<model::ConnectionId> EndedBy(const model::DataEvent& event) {
    if ((event.flags & SPANWIRE_DATA_EOF) == 0) [[likely]]
      return std::nullopt;
    return unix_peers_.OnEof(event.connection);
  }

 private:
  SelfFilter own_;
  UnixPeers unix_peers_;
};

}  // namespace spanwire::connection
