// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/shard.h"

namespace spanwire::connection {

void ShardWork::Clear() {
  events.Clear();
  exchanges.Clear();
  policies.clear();
}

Shard::Shard(const TrackerParts& parts, const TrackerLimits& limits) : table_(Own(parts), limits) {}

TrackerParts Shard::Own(const TrackerParts& parts) {
  TrackerParts own = parts;
  own.stages = AddConnectionStages(ledger_);
  own.exchanges = this;
  own.policies = this;
  return own;
}

void Shard::Run(ShardWork& work) {
  work_ = &work;
  for (size_t i = 0; i < work.events.size(); ++i) {
    place_ = work.events.PlaceOf(i);
    work.events.Apply(i, table_);
  }
  work.needs_sweep = table_.NeedsSweep();
  work.waits = table_.Waits();
}

void Shard::Finish(ShardWork& work, Nanoseconds now) {
  work_ = &work;
  place_ = 0;
  table_.Finish(now);
  work.needs_sweep = work.waits = false;
}

void Shard::OnRequest(const model::Exchange& exchange) {
  work_->exchanges.AddRequest(place_, exchange);
}

void Shard::OnStep(const model::Step& step) { work_->exchanges.AddStep(place_, step); }

void Shard::OnExchange(model::Exchange& exchange) {
  work_->exchanges.AddExchange(place_, exchange);
}

void Shard::Set(model::ConnectionId connection, const Policy& policy) {
  work_->policies.emplace_back(connection, policy);
}

}  // namespace spanwire::connection
