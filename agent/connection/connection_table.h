// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include "agent/connection/connection_map.h"
#include "agent/connection/shared.h"
#include "agent/connection/tracker.h"
#include "agent/model/event.h"

namespace spanwire::connection {

// One shard: follows the connections that are given to it. What connections have to do with each
// other is decided outside (Neighbours), since their other ends may be in other shards.
//
// Deterministic, whatever the number of shards is: what one tick ends comes in the order of the
// connections' ids. Not thread-safe.
class ConnectionTable {
 public:
  ConnectionTable(const TrackerParts& parts, const TrackerLimits& limits);

  void OnData(const model::DataEvent& event);
  void OnConnection(const model::ConnectionEvent& event);
  // The other end of a UNIX connection has read the end of the stream: this end was closed.
  void OnReadToEnd(model::ConnectionId id, Nanoseconds now);
  // `self` is the agent's own: its other end is ignored from now on.
  void IgnorePeersOf(const model::Connection& self);
  // A process event, which is counted in one shard only.
  void OnProcess(std::shared_ptr<const model::Process> process);
  void Learn(std::shared_ptr<const model::Process> process);
  void OnTick(const ClockAnchor& anchor);
  void Finish(Nanoseconds now);

  // As in ConnectionTracker.
  bool NeedsSweep() const { return shared_.sweep_wanted > 0; }
  bool Waits() const { return !waiting_.empty() || !lingering_.empty(); }
  size_t connections() const { return map_.size(); }
  size_t held_bytes() const { return shared_.held_bytes; }

 private:
  using Id = model::ConnectionId;

  void OnUnknown(const model::DataEvent& event);
  void Open(const model::ConnectionEvent& event);
  void TellConnect(const model::ConnectionEvent& event);
  void End(TrackedConnection& connection, const model::ConnectionEvent& event);
  void Forget(TrackedConnection& closed);
  void List(TrackedConnection& connection);

  // connection_bounds.cc: what time and limits end.
  void FindDueHoles(Nanoseconds now);
  void UnlistSettled();
  void FindDueLingering(Nanoseconds now);
  void Scan(Nanoseconds now);
  void Attend(Id id, Nanoseconds now);
  bool HoleIsDue(const TrackedConnection& connection, Nanoseconds now) const;
  bool LingeredEnough(const TrackedConnection& connection, Nanoseconds now) const;
  void Remove(TrackedConnection& victim, model::Ending ending, Counter& reason);
  void EvictForBytes();
  void EvictForCount();
  template <typename Wanted>
  std::vector<std::pair<Nanoseconds, Id>> Oldest(Wanted wanted);

  Shared shared_;
  Stage& stage_;
  Counter& unknown_;
  Counter& self_;
  ConnectionMap map_;
  std::vector<Id> waiting_;       // connections with a hole
  std::vector<Id> lingering_;     // closed ones that may still be read from
  std::vector<Id> due_;           // for which a tick has something to do
  std::unordered_set<Id> asked_;  // unknown ones whose kOpen was asked for
  uint32_t reopen_ = 0;
  size_t scan_part_ = 0;
  Nanoseconds next_scan_ns_ = 0;
};

}  // namespace spanwire::connection
