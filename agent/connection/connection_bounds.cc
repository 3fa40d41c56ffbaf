// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "agent/connection/connection_table.h"

// The part of ConnectionTable that ends what time and limits end.
namespace spanwire::connection {
namespace {

// One part of the table is looked over every kScanEvery.
constexpr Nanoseconds kScanEvery = 500'000'000;

}  // namespace

void ConnectionTable::OnTick(const ClockAnchor& anchor) {
  const Nanoseconds now = anchor.monotonic_ns;
  FindDueHoles(now);
  FindDueLingering(now);
  if (now >= next_scan_ns_) {
    next_scan_ns_ = now + kScanEvery;
    Scan(now);
  }
  std::sort(due_.begin(), due_.end());
  due_.erase(std::unique(due_.begin(), due_.end()), due_.end());
  for (const Id id : due_) Attend(id, now);
  due_.clear();
  UnlistSettled();
}

bool ConnectionTable::HoleIsDue(const TrackedConnection& connection, Nanoseconds now) const {
  return connection.waits_for_hole() &&
         now > connection.hole_since_ns() + shared_.limits.hole_wait_ns;
}

bool ConnectionTable::LingeredEnough(const TrackedConnection& connection, Nanoseconds now) const {
  return connection.closed() && now >= connection.last_event_ns() + shared_.limits.linger_ns;
}

void ConnectionTable::FindDueHoles(Nanoseconds now) {
  for (const Id id : waiting_) {
    const TrackedConnection* const connection = map_.Find(id);
    if (connection != nullptr && HoleIsDue(*connection, now)) due_.push_back(id);
  }
}

void ConnectionTable::UnlistSettled() {
  std::erase_if(waiting_, [this](Id id) {
    TrackedConnection* const connection = map_.Find(id);
    if (connection == nullptr) return true;
    connection->set_listed(connection->waits_for_hole());
    return !connection->listed();
  });
}

void ConnectionTable::FindDueLingering(Nanoseconds now) {
  std::erase_if(lingering_, [this, now](Id id) {
    const TrackedConnection* const connection = map_.Find(id);
    if (connection == nullptr || !connection->closed()) return true;
    if (!LingeredEnough(*connection, now)) return false;
    due_.push_back(id);
    return true;
  });
}

// Time-outs of requests, and connections that were forgotten: UNIX sockets have no close record on
// some kernels.
void ConnectionTable::Scan(Nanoseconds now) {
  scan_part_ = (scan_part_ + 1) % ConnectionMap::kParts;
  map_.ForPart(scan_part_, [this, now](const TrackedConnection& connection) {
    if (connection.IsOverdue(now) || connection.IsForgotten(now)) {
      due_.push_back(connection.info().id);
    }
  });
}

void ConnectionTable::Attend(Id id, Nanoseconds now) {
  TrackedConnection& connection = *map_.Find(id);
  if (HoleIsDue(connection, now)) connection.ResolveHoles();
  if (LingeredEnough(connection, now)) {
    Forget(connection);
    return;
  }
  connection.CheckTimeout(now);
  if (connection.IsForgotten(now)) {
    Remove(connection, model::Ending::kClosed, shared_.stream.unparsed);
  }
}

void ConnectionTable::Remove(TrackedConnection& victim, model::Ending ending, Counter& reason) {
  victim.Abandon(ending, victim.last_event_ns(), reason);
  map_.Remove(victim.info().id);
}

// Connections that satisfy `wanted`, longest idle first.
template <typename Wanted>
std::vector<std::pair<Nanoseconds, model::ConnectionId>> ConnectionTable::Oldest(Wanted wanted) {
  std::vector<std::pair<Nanoseconds, Id>> found;
  map_.ForAll([&found, &wanted](const TrackedConnection& connection) {
    if (wanted(connection)) found.emplace_back(connection.last_event_ns(), connection.info().id);
  });
  std::sort(found.begin(), found.end());
  return found;
}

// Makes room for a while, so that the look over the whole table is paid rarely.
void ConnectionTable::EvictForBytes() {
  const auto holders =
      Oldest([](const TrackedConnection& connection) { return connection.held_bytes() > 0; });
  const size_t enough = shared_.limits.total_bytes - shared_.limits.total_bytes / 8;
  for (const auto& [time, id] : holders) {
    if (shared_.held_bytes <= enough) return;
    Remove(*map_.Find(id), model::Ending::kEvicted, shared_.stream.evicted);
  }
}

void ConnectionTable::EvictForCount() {
  auto all = Oldest([](const TrackedConnection&) { return true; });
  all.resize(all.size() / 64 + 1);
  for (const auto& [time, id] : all) {
    Remove(*map_.Find(id), model::Ending::kEvicted, shared_.stream.evicted);
  }
}

void ConnectionTable::Finish(Nanoseconds now) {
  std::vector<Id> ids;
  ids.reserve(map_.size());
  map_.ForAll([&ids](const TrackedConnection& connection) { ids.push_back(connection.info().id); });
  std::sort(ids.begin(), ids.end());
  for (const Id id : ids) {
    TrackedConnection& connection = *map_.Find(id);
    connection.ResolveHoles();
    if (connection.closed()) connection.Finalize();
    connection.Abandon(model::Ending::kStillOpen, now, shared_.stream.at_exit);
    map_.Remove(id);
  }
  waiting_.clear();
  lingering_.clear();
}

}  // namespace spanwire::connection
