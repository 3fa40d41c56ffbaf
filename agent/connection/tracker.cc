// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/tracker.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "agent/base/hash.h"
#include "agent/connection/self_filter.h"
#include "agent/connection/shared.h"
#include "agent/connection/tracked_connection.h"
#include "agent/connection/unix_peers.h"
#include "spanwire/abi.h"

namespace spanwire::connection {
namespace {

using model::ConnectionChange;
using model::ConnectionEvent;
using model::ConnectionId;
using model::DataEvent;

// The table is looked over in this many parts, one every kScanEvery.
constexpr size_t kScanParts = 16;
constexpr Nanoseconds kScanEvery = 500'000'000;
// Unknown connections that the kernel was asked about are remembered up to this many.
constexpr size_t kMaxAsked = 4096;

struct IdHash {
  size_t operator()(ConnectionId id) const { return MixBits(id); }
};

}  // namespace

class ConnectionTracker::Impl {
 public:
  Impl(const TrackerParts& parts, const TrackerLimits& limits)
      : shared_(parts.protocols, parts.parsing, limits, parts.stages),
        stage_(*parts.stages.connection),
        unknown_(stage_.Drop("unknown_connection")),
        self_(stage_.Drop("self")) {
    shared_.exchanges = parts.exchanges;
    shared_.policies = parts.policies;
  }

  void OnData(const DataEvent& event);
  void OnConnection(const ConnectionEvent& event);
  void OnProcess(const model::Process& process);
  void OnTick(const ClockAnchor& now);
  void Finish(Nanoseconds now);

  const Shared& shared() const { return shared_; }
  size_t connections() const { return table_.size(); }
  bool waits() const { return !waiting_.empty() || !lingering_.empty(); }

 private:
  using Table = std::unordered_map<ConnectionId, TrackedConnection, IdHash>;

  void OnUnknown(const DataEvent& event);
  void Forget(Table::iterator closed);
  void EndLingering(Nanoseconds now);
  void Open(const ConnectionEvent& event);
  void TellConnect(const ConnectionEvent& event);
  void IgnorePeersOf(const model::Connection& self);
  void EndUnixPeer(const model::Connection& connection, const DataEvent& event);
  void List(TrackedConnection& connection);
  void ResolveHoles(Nanoseconds now);
  void Scan(Nanoseconds now);
  void Remove(Table::iterator victim, model::Ending ending, Counter& reason);
  void EvictForBytes();
  void EvictForCount();
  template <typename Wanted>
  std::vector<std::pair<Nanoseconds, ConnectionId>> Oldest(Wanted wanted) const;

  Shared shared_;
  Stage& stage_;
  Counter& unknown_;
  Counter& self_;
  Table table_;
  SelfFilter own_;
  UnixPeers unix_peers_;
  std::vector<ConnectionId> waiting_;       // connections with a hole
  std::vector<ConnectionId> lingering_;     // closed ones that may still be read from
  std::unordered_set<ConnectionId> asked_;  // unknown ones whose kOpen was asked for
  uint32_t reopen_ = 0;
  size_t scan_bucket_ = 0;
  Nanoseconds next_scan_ns_ = 0;
};

void ConnectionTracker::Impl::OnData(const DataEvent& event) {
  stage_.in.Add();
  const auto found = table_.find(event.connection);
  if (found == table_.end()) {
    OnUnknown(event);
    return;
  }
  TrackedConnection& connection = found->second;
  if (connection.ignored()) {
    self_.Add();
    return;
  }
  connection.OnData(event);
  stage_.out.Add();
  if ((event.flags & SPANWIRE_DATA_EOF) != 0) EndUnixPeer(connection.info(), event);
  if (connection.finished()) {
    Forget(found);
    return;
  }
  List(connection);
  if (shared_.held_bytes > shared_.limits.total_bytes) EvictForBytes();
}

// Who reads the end of a stream was sent it: the other end of a UNIX socket was closed.
void ConnectionTracker::Impl::EndUnixPeer(const model::Connection& connection,
                                          const DataEvent& event) {
  if (connection.transport != model::Transport::kUnix) return;
  const auto peer = unix_peers_.Find(connection);
  const auto found = peer ? table_.find(*peer) : table_.end();
  if (found != table_.end() && !found->second.ignored()) found->second.OnLocalFin(event.time_ns);
}

// The kernel tells about a connection once; that record may have been lost. After a connection's
// end, reads without bytes tell nothing new.
void ConnectionTracker::Impl::OnUnknown(const DataEvent& event) {
  if (event.length == 0 && event.prior.length == 0) {
    stage_.out.Add();
    return;
  }
  unknown_.Add();
  const ConnectionId id = event.connection;
  if (asked_.size() >= kMaxAsked) asked_.clear();
  if (!asked_.insert(id).second) return;
  Policy policy;
  policy.rx_bytes = policy.tx_bytes = shared_.limits.default_budget_bytes;
  policy.rx_call_bytes = policy.tx_call_bytes = shared_.limits.default_budget_bytes;
  policy.reopen = ++reopen_;
  shared_.policies->Set(id, policy);
}

void ConnectionTracker::Impl::OnConnection(const ConnectionEvent& event) {
  stage_.in.Add();
  if (event.change == ConnectionChange::kOpen) Open(event);
  if (event.change == ConnectionChange::kConnect) TellConnect(event);
  const auto found = table_.find(event.connection.id);
  if (found == table_.end()) {
    stage_.out.Add();
    return;
  }
  TrackedConnection& connection = found->second;
  (connection.ignored() ? self_ : stage_.out).Add();
  switch (event.change) {
    case ConnectionChange::kLocalFin: connection.OnLocalFin(event.time_ns); break;
    case ConnectionChange::kPeerFin: connection.OnPeerFin(); break;
    case ConnectionChange::kClosed:
      connection.OnClosed(event.time_ns, event.error);
      if (connection.finished()) {
        Forget(found);
      } else {
        lingering_.push_back(event.connection.id);
      }
      break;
    default: break;
  }
}

// Before the connection is known: it is at the first byte that it becomes so.
void ConnectionTracker::Impl::TellConnect(const ConnectionEvent& event) {
  if (event.connection.self || event.who.pid == 0) return;
  shared_.exchanges->OnStep({.kind = model::StepKind::kConnect,
                             .is_client = true,
                             .connection = event.connection.id,
                             .ordinal = 0,
                             .time_ns = event.time_ns,
                             .who = event.who});
}

void ConnectionTracker::Impl::Forget(Table::iterator closed) {
  TrackedConnection& connection = closed->second;
  connection.Finalize();
  if (connection.info().self) own_.Remove(connection.info());
  unix_peers_.Remove(connection.info());
  table_.erase(closed);
}

void ConnectionTracker::Impl::EndLingering(Nanoseconds now) {
  std::erase_if(lingering_, [this, now](ConnectionId id) {
    const auto found = table_.find(id);
    if (found == table_.end() || !found->second.closed()) return true;
    if (now < found->second.last_event_ns() + shared_.limits.linger_ns) return false;
    Forget(found);
    return true;
  });
}

void ConnectionTracker::Impl::Open(const ConnectionEvent& event) {
  const model::Connection& info = event.connection;
  auto known = table_.find(info.id);
  if (known != table_.end() && known->second.closed()) {
    Forget(known);
    known = table_.end();
  }
  unix_peers_.Add(info);
  if (known != table_.end()) {
    known->second.Update(info);
    return;
  }
  if (table_.size() >= shared_.limits.max_connections) EvictForCount();
  model::Connection joined = info;
  // What came before the kernel was asked is gone.
  joined.joined = joined.joined || asked_.erase(info.id) > 0;
  const auto [added, is_new] = table_.try_emplace(info.id, shared_, joined, event.time_ns);
  if (info.self) {
    own_.Add(info);
    IgnorePeersOf(info);
  }
  if (info.self || own_.IsPeer(info)) added->second.Ignore();
}

void ConnectionTracker::Impl::IgnorePeersOf(const model::Connection& self) {
  for (auto& [id, connection] : table_) {
    if (id != self.id && own_.IsPeer(connection.info())) connection.Ignore();
  }
}

void ConnectionTracker::Impl::OnProcess(const model::Process& process) {
  stage_.in.Add();
  shared_.processes.Set(process);
  stage_.out.Add();
}

void ConnectionTracker::Impl::List(TrackedConnection& connection) {
  if (!connection.waits_for_hole() || connection.listed()) return;
  connection.set_listed(true);
  waiting_.push_back(connection.info().id);
}

void ConnectionTracker::Impl::OnTick(const ClockAnchor& now) {
  ResolveHoles(now.monotonic_ns);
  EndLingering(now.monotonic_ns);
  if (now.monotonic_ns < next_scan_ns_) return;
  next_scan_ns_ = now.monotonic_ns + kScanEvery;
  Scan(now.monotonic_ns);
}

void ConnectionTracker::Impl::ResolveHoles(Nanoseconds now) {
  std::erase_if(waiting_, [this, now](ConnectionId id) {
    const auto found = table_.find(id);
    if (found == table_.end()) return true;
    TrackedConnection& connection = found->second;
    const bool due = now > connection.hole_since_ns() + shared_.limits.hole_wait_ns;
    if (connection.waits_for_hole() && due) connection.ResolveHoles();
    connection.set_listed(connection.waits_for_hole());
    return !connection.listed();
  });
}

// Time-outs of requests, and connections that were forgotten: UNIX sockets have no close record on
// some kernels.
void ConnectionTracker::Impl::Scan(Nanoseconds now) {
  const size_t buckets = table_.bucket_count();
  std::vector<ConnectionId> idle;
  for (size_t i = 0; i < buckets / kScanParts + 1; ++i) {
    scan_bucket_ = (scan_bucket_ + 1) % buckets;
    for (auto it = table_.begin(scan_bucket_); it != table_.end(scan_bucket_); ++it) {
      TrackedConnection& connection = it->second;
      connection.CheckTimeout(now);
      if (connection.IsForgotten(now)) idle.push_back(it->first);
    }
  }
  for (const ConnectionId id : idle) {
    Remove(table_.find(id), model::Ending::kClosed, shared_.stream.unparsed);
  }
}

void ConnectionTracker::Impl::Remove(Table::iterator victim, model::Ending ending,
                                     Counter& reason) {
  TrackedConnection& connection = victim->second;
  if (connection.info().self) own_.Remove(connection.info());
  unix_peers_.Remove(connection.info());
  connection.Abandon(ending, connection.last_event_ns(), reason);
  table_.erase(victim);
}

// Connections that satisfy `wanted`, longest idle first.
template <typename Wanted>
std::vector<std::pair<Nanoseconds, ConnectionId>> ConnectionTracker::Impl::Oldest(
    Wanted wanted) const {
  std::vector<std::pair<Nanoseconds, ConnectionId>> found;
  for (const auto& [id, connection] : table_) {
    if (wanted(connection)) found.emplace_back(connection.last_event_ns(), id);
  }
  std::sort(found.begin(), found.end());
  return found;
}

// Makes room for a while, so that the look over the whole table is paid rarely.
void ConnectionTracker::Impl::EvictForBytes() {
  const auto holders =
      Oldest([](const TrackedConnection& connection) { return connection.held_bytes() > 0; });
  const size_t enough = shared_.limits.total_bytes - shared_.limits.total_bytes / 8;
  for (const auto& [time, id] : holders) {
    if (shared_.held_bytes <= enough) return;
    Remove(table_.find(id), model::Ending::kEvicted, shared_.stream.evicted);
  }
}

void ConnectionTracker::Impl::EvictForCount() {
  auto all = Oldest([](const TrackedConnection&) { return true; });
  all.resize(all.size() / 64 + 1);
  for (const auto& [time, id] : all) {
    Remove(table_.find(id), model::Ending::kEvicted, shared_.stream.evicted);
  }
}

void ConnectionTracker::Impl::Finish(Nanoseconds now) {
  std::vector<ConnectionId> ids;
  ids.reserve(table_.size());
  for (const auto& [id, connection] : table_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (const ConnectionId id : ids) {
    TrackedConnection& connection = table_.find(id)->second;
    connection.ResolveHoles();
    if (connection.closed()) connection.Finalize();
    connection.Abandon(model::Ending::kStillOpen, now, shared_.stream.at_exit);
  }
  table_.clear();
  waiting_.clear();
  lingering_.clear();
}

ConnectionTracker::ConnectionTracker(const TrackerParts& parts, const TrackerLimits& limits)
    : impl_(std::make_unique<Impl>(parts, limits)) {}
ConnectionTracker::~ConnectionTracker() = default;

void ConnectionTracker::OnData(const DataEvent& event) { impl_->OnData(event); }
void ConnectionTracker::OnConnection(const ConnectionEvent& event) { impl_->OnConnection(event); }
void ConnectionTracker::OnProcess(const model::Process& process) { impl_->OnProcess(process); }
void ConnectionTracker::OnTick(const ClockAnchor& now) { impl_->OnTick(now); }
void ConnectionTracker::Finish(Nanoseconds now) { impl_->Finish(now); }
bool ConnectionTracker::NeedsSweep() const { return impl_->shared().sweep_wanted > 0; }
bool ConnectionTracker::Waits() const { return impl_->waits(); }
size_t ConnectionTracker::connections() const { return impl_->connections(); }
size_t ConnectionTracker::held_bytes() const { return impl_->shared().held_bytes; }

}  // namespace spanwire::connection
