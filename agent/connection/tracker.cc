// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/tracker.h"

#include <utility>

#include "agent/connection/connection_table.h"
#include "agent/connection/neighbours.h"

namespace spanwire::connection {

class ConnectionTracker::Impl {
 public:
  Impl(const TrackerParts& parts, const TrackerLimits& limits) : table(parts, limits) {}

  ConnectionTable table;
  Neighbours neighbours;
};

ConnectionTracker::ConnectionTracker(const TrackerParts& parts, const TrackerLimits& limits)
    : impl_(std::make_unique<Impl>(parts, limits)) {}
ConnectionTracker::~ConnectionTracker() = default;

void ConnectionTracker::OnData(const model::DataEvent& event) {
  impl_->table.OnData(event);
  const auto ended = impl_->neighbours.EndedBy(event);
  if (ended) impl_->table.OnReadToEnd(*ended, event.time_ns);
}

void ConnectionTracker::OnConnection(const model::ConnectionEvent& event) {
  switch (impl_->neighbours.OnConnection(event)) {
    case Neighbours::Kin::kNone: impl_->table.OnConnection(event); break;
    case Neighbours::Kin::kOwn:
      impl_->table.OnConnection(event);
      impl_->table.IgnorePeersOf(event.connection);
      break;
    case Neighbours::Kin::kOwnPeer: {
      model::ConnectionEvent own = event;
      own.connection.self = true;
      impl_->table.OnConnection(own);
      break;
    }
  }
}

void ConnectionTracker::OnProcess(const model::Process& process) {
  impl_->table.OnProcess(std::make_shared<const model::Process>(process));
}

void ConnectionTracker::OnTick(const ClockAnchor& now) { impl_->table.OnTick(now); }
void ConnectionTracker::Finish(Nanoseconds now) { impl_->table.Finish(now); }
bool ConnectionTracker::NeedsSweep() const { return impl_->table.NeedsSweep(); }
bool ConnectionTracker::Waits() const { return impl_->table.Waits(); }
size_t ConnectionTracker::connections() const { return impl_->table.connections(); }
size_t ConnectionTracker::held_bytes() const { return impl_->table.held_bytes(); }

}  // namespace spanwire::connection
