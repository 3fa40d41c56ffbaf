// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/neighbours.h"

namespace spanwire::connection {

Neighbours::Kin Neighbours::OnConnection(const model::ConnectionEvent& event) {
  const model::Connection& connection = event.connection;
  if (event.change == model::ConnectionChange::kClosed) {
    own_.Remove(connection.id);
    unix_peers_.Remove(connection.id);
  }
  if (event.change != model::ConnectionChange::kOpen) return Kin::kNone;
  unix_peers_.Add(connection);
  if (connection.self) {
    own_.Add(connection);
    return Kin::kOwn;
  }
  return own_.IsPeer(connection) ? Kin::kOwnPeer : Kin::kNone;
}

}  // namespace spanwire::connection
