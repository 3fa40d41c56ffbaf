// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/neighbours.h"

#include <gtest/gtest.h>

#include <optional>

namespace spanwire::connection {
namespace {

using model::ConnectionChange;

model::Connection UnixEnd(model::ConnectionId id, uint64_t inode, uint64_t peer_inode) {
  model::Connection connection;
  connection.id = id;
  connection.transport = model::Transport::kUnix;
  connection.inode = inode;
  connection.peer_inode = peer_inode;
  return connection;
}

model::Connection TcpEnd(model::ConnectionId id, uint16_t local, uint16_t remote) {
  model::Connection connection;
  connection.id = id;
  connection.local = {{127, 0, 0, 1}, local};
  connection.remote = {{127, 0, 0, 1}, remote};
  return connection;
}

model::ConnectionEvent Event(ConnectionChange change, const model::Connection& connection) {
  model::ConnectionEvent event;
  event.change = change;
  event.connection = connection;
  return event;
}

model::DataEvent Eof(model::ConnectionId id) {
  model::DataEvent event;
  event.connection = id;
  event.flags = SPANWIRE_DATA_EOF;
  return event;
}

TEST(UnixPeers, APairIsForgottenWhenBothEndsWereTold) {
  UnixPeers peers;
  peers.Add(UnixEnd(1, 10, 0));  // connected before its peer had an inode
  peers.Add(UnixEnd(2, 20, 10));
  EXPECT_EQ(peers.OnEof(1), 2u);
  EXPECT_EQ(peers.size(), 2u);
  EXPECT_EQ(peers.OnEof(2), 1u);
  EXPECT_EQ(peers.size(), 0u);
  EXPECT_EQ(peers.OnEof(2), std::nullopt);
}

TEST(UnixPeers, TheNumberOfPairsIsBounded) {
  UnixPeers peers(8);
  for (model::ConnectionId id = 1; id <= 100; ++id) peers.Add(UnixEnd(id, 2 * id, 2 * id + 1));
  EXPECT_EQ(peers.size(), 8u);
}

TEST(UnixPeers, ShortConnectionsDoNotPushOutOneThatLasts) {
  UnixPeers peers(8);
  peers.Add(UnixEnd(1, 10, 11));
  peers.Add(UnixEnd(2, 11, 10));
  for (model::ConnectionId id = 3; id <= 300; ++id) {
    peers.Add(UnixEnd(id, 2 * id + 100, 2 * id + 101));
    peers.Remove(id);
  }
  EXPECT_EQ(peers.OnEof(2), 1u);
}

TEST(UnixPeers, AnInodeThatCameBackBelongsToTheNewSocket) {
  UnixPeers peers;
  peers.Add(UnixEnd(1, 10, 11));
  peers.Add(UnixEnd(2, 10, 12));
  peers.Remove(1);
  peers.Add(UnixEnd(3, 12, 0));
  EXPECT_EQ(peers.OnEof(3), 2u);
}

TEST(Neighbours, TheEndOfATcpStreamConcernsNobodyElse) {
  Neighbours neighbours;
  neighbours.OnConnection(Event(ConnectionChange::kOpen, TcpEnd(1, 40'000, 80)));
  neighbours.OnConnection(Event(ConnectionChange::kOpen, TcpEnd(2, 80, 40'000)));
  EXPECT_EQ(neighbours.EndedBy(Eof(1)), std::nullopt);
}

TEST(Neighbours, TheOtherEndOfAnOwnConnectionIsKnownUntilItIsClosed) {
  Neighbours neighbours;
  model::Connection self = TcpEnd(1, 40'000, 4318);
  self.self = true;
  const model::Connection peer = TcpEnd(2, 4318, 40'000);
  EXPECT_EQ(neighbours.OnConnection(Event(ConnectionChange::kOpen, self)), Neighbours::Kin::kOwn);
  EXPECT_EQ(neighbours.OnConnection(Event(ConnectionChange::kOpen, peer)),
            Neighbours::Kin::kOwnPeer);
  EXPECT_EQ(neighbours.OnConnection(Event(ConnectionChange::kClosed, self)),
            Neighbours::Kin::kNone);
  EXPECT_EQ(neighbours.OnConnection(Event(ConnectionChange::kOpen, peer)), Neighbours::Kin::kNone);
}

TEST(SelfFilter, EndsMeetByTheirAddresses) {
  EXPECT_TRUE(SelfFilter::AreEnds(TcpEnd(1, 40'000, 80), TcpEnd(2, 80, 40'000)));
  EXPECT_FALSE(SelfFilter::AreEnds(TcpEnd(1, 40'000, 80), TcpEnd(2, 80, 40'001)));
  EXPECT_FALSE(SelfFilter::AreEnds(UnixEnd(1, 0, 0), UnixEnd(2, 0, 0)));
}

}  // namespace
}  // namespace spanwire::connection
