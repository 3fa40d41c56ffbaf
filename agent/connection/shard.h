// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "agent/base/ledger.h"
#include "agent/connection/connection_table.h"
#include "agent/connection/event_batch.h"
#include "agent/connection/exchange_batch.h"
#include "agent/connection/policy.h"

namespace spanwire::connection {

// What a shard is asked in one round, and what it answers.
struct ShardWork {
  EventBatch events;
  ExchangeBatch exchanges;
  std::vector<std::pair<model::ConnectionId, Policy>> policies;
  bool needs_sweep = false;  // as in ConnectionTracker, after these events
  bool waits = false;

  void Clear();
};

// A ConnectionTable that is told and that tells in batches. One thread at a time.
class Shard final : model::ExchangeSink, PolicySink {
 public:
  // Of `parts`, the sinks and the stages are not used: this shard counts in its own.
  Shard(const TrackerParts& parts, const TrackerLimits& limits);

  void Run(ShardWork& work);
  // ConnectionTable::Finish(), told to `work`.
  void Finish(ShardWork& work, Nanoseconds now);

  // Its part of the stages, by AddConnectionStages().
  const Ledger& ledger() const { return ledger_; }
  size_t connections() const { return table_.connections(); }
  size_t held_bytes() const { return table_.held_bytes(); }

 private:
  void OnRequest(const model::Exchange& exchange) override;
  void OnStep(const model::Step& step) override;
  void OnExchange(model::Exchange& exchange) override;
  void Set(model::ConnectionId connection, const Policy& policy) override;
  TrackerParts Own(const TrackerParts& parts);

  Ledger ledger_;
  ShardWork* work_ = nullptr;  // at hand
  uint32_t place_ = 0;         // of the event at hand
  ConnectionTable table_;
};

}  // namespace spanwire::connection
