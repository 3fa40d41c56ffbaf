// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/connection_table.h"

#include <algorithm>

#include "agent/connection/self_filter.h"

namespace spanwire::connection {
namespace {

using model::ConnectionChange;
using model::ConnectionEvent;
using model::DataEvent;

// Unknown connections that the kernel was asked about are remembered up to this many.
constexpr size_t kMaxAsked = 4096;

}  // namespace

ConnectionTable::ConnectionTable(const TrackerParts& parts, const TrackerLimits& limits)
    : shared_(parts.protocols, parts.parsing, limits, parts.stages),
      stage_(*parts.stages.connection),
      unknown_(stage_.Drop("unknown_connection")),
      self_(stage_.Drop("self")) {
  shared_.exchanges = parts.exchanges;
  shared_.policies = parts.policies;
}

void ConnectionTable::OnData(const DataEvent& event) {
  stage_.in.Add();
  TrackedConnection* const connection = map_.Find(event.connection);
  if (connection == nullptr) {
    OnUnknown(event);
    return;
  }
  if (connection->ignored()) {
    self_.Add();
    return;
  }
  connection->OnData(event);
  stage_.out.Add();
  if (connection->finished()) {
    Forget(*connection);
    return;
  }
  List(*connection);
  if (shared_.held_bytes > shared_.limits.total_bytes) EvictForBytes();
}

void ConnectionTable::OnReadToEnd(Id id, Nanoseconds now) {
  TrackedConnection* const connection = map_.Find(id);
  if (connection != nullptr && !connection->ignored()) connection->OnLocalFin(now);
}

// The kernel tells about a connection once; that record may have been lost. After a connection's
// end, reads without bytes tell nothing new.
void ConnectionTable::OnUnknown(const DataEvent& event) {
  if (event.length == 0 && event.prior.length == 0) {
    stage_.out.Add();
    return;
  }
  unknown_.Add();
  const Id id = event.connection;
  if (asked_.size() >= kMaxAsked) asked_.clear();
  if (!asked_.insert(id).second) return;
  Policy policy;
  policy.rx_bytes = policy.tx_bytes = shared_.limits.default_budget_bytes;
  policy.rx_call_bytes = policy.tx_call_bytes = shared_.limits.default_budget_bytes;
  policy.reopen = ++reopen_;
  shared_.policies->Set(id, policy);
}

void ConnectionTable::OnConnection(const ConnectionEvent& event) {
  stage_.in.Add();
  if (event.change == ConnectionChange::kOpen) Open(event);
  if (event.change == ConnectionChange::kConnect) TellConnect(event);
  TrackedConnection* const connection = map_.Find(event.connection.id);
  if (connection == nullptr) {
    stage_.out.Add();
    return;
  }
  (connection->ignored() ? self_ : stage_.out).Add();
  End(*connection, event);
}

void ConnectionTable::End(TrackedConnection& connection, const ConnectionEvent& event) {
  switch (event.change) {
    case ConnectionChange::kLocalFin: connection.OnLocalFin(event.time_ns); break;
    case ConnectionChange::kPeerFin: connection.OnPeerFin(); break;
    case ConnectionChange::kClosed:
      connection.OnClosed(event.time_ns, event.error);
      if (connection.finished()) {
        Forget(connection);
      } else {
        lingering_.push_back(event.connection.id);
      }
      break;
    default: break;
  }
}

// Before the connection is known: it is at the first byte that it becomes so.
void ConnectionTable::TellConnect(const ConnectionEvent& event) {
  if (event.connection.self || event.who.pid == 0) return;
  shared_.exchanges->OnStep({.kind = model::StepKind::kConnect,
                             .is_client = true,
                             .connection = event.connection.id,
                             .ordinal = 0,
                             .time_ns = event.time_ns,
                             .who = event.who});
}

void ConnectionTable::Forget(TrackedConnection& closed) {
  closed.Finalize();
  map_.Remove(closed.info().id);
}

void ConnectionTable::Open(const ConnectionEvent& event) {
  const model::Connection& info = event.connection;
  TrackedConnection* known = map_.Find(info.id);
  if (known != nullptr && known->closed()) {
    Forget(*known);
    known = nullptr;
  }
  if (known != nullptr) {
    known->Update(info);
    return;
  }
  if (map_.size() >= shared_.limits.max_connections) EvictForCount();
  model::Connection joined = info;
  // What came before the kernel was asked is gone.
  joined.joined = joined.joined || asked_.erase(info.id) > 0;
  TrackedConnection& added = map_.Add(shared_, joined, event.time_ns);
  if (info.self) added.Ignore();
}

void ConnectionTable::IgnorePeersOf(const model::Connection& self) {
  std::vector<Id> peers;
  map_.ForAll([&peers, &self](TrackedConnection& connection) {
    if (SelfFilter::AreEnds(self, connection.info())) peers.push_back(connection.info().id);
  });
  std::sort(peers.begin(), peers.end());
  for (const Id id : peers) map_.Find(id)->Ignore();
}

void ConnectionTable::OnProcess(std::shared_ptr<const model::Process> process) {
  stage_.in.Add();
  Learn(std::move(process));
  stage_.out.Add();
}

void ConnectionTable::Learn(std::shared_ptr<const model::Process> process) {
  shared_.processes.Set(std::move(process));
}

void ConnectionTable::List(TrackedConnection& connection) {
  if (!connection.waits_for_hole() || connection.listed()) return;
  connection.set_listed(true);
  waiting_.push_back(connection.info().id);
}

}  // namespace spanwire::connection
