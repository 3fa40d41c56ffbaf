// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/sharded_tracker.h"

#include <algorithm>
#include <utility>

#include "agent/base/hash.h"
#include "agent/base/signals.h"

namespace spanwire::connection {
namespace {

TrackerLimits PartOf(const TrackerLimits& limits, size_t shards) {
  TrackerLimits part = limits;
  part.total_bytes = std::max<size_t>(limits.total_bytes / shards, 1);
  part.max_connections = std::max<size_t>(limits.max_connections / shards, 1);
  return part;
}

// Sets `total` to the sums of what the shards counted in the stage of that index.
template <typename Lanes>
void Sum(size_t index, const Lanes& lanes, Stage& total) {
  total.in.Set(0);
  total.out.Set(0);
  total.held.Set(0);
  for (const auto& [reason, counter] : total.drops()) counter->Set(0);
  for (const auto& lane : lanes) {
    const Stage& part = *lane->shard.ledger().stages()[index];
    total.in.Add(part.in.Get());
    total.out.Add(part.out.Get());
    total.held.Add(part.held.Get());
    for (const auto& [reason, counter] : part.drops()) total.Drop(reason).Add(counter->Get());
  }
}

}  // namespace

ShardedTracker::ShardedTracker(const TrackerParts& parts, const TrackerLimits& limits,
                               RoundSink& between, const ShardingOptions& options)
    : parts_(parts),
      between_(between),
      options_(options),
      to_play_(static_cast<uint32_t>(options.rounds)),
      played_(static_cast<uint32_t>(options.rounds)) {
  const TrackerLimits part = PartOf(limits, options.shards);
  for (size_t i = 0; i < options.rounds; ++i) {
    rounds_.push_back(std::make_unique<Round>(options.shards));
    free_.push_back(rounds_.back().get());
  }
  round_ = free_.back();
  free_.pop_back();
  for (size_t i = 0; i < options.shards; ++i) {
    lanes_.push_back(std::make_unique<Lane>(parts, part, static_cast<uint32_t>(options.rounds)));
    threads_.emplace_back([lane = lanes_.back().get(), i] { RunShard(*lane, i); });
  }
  threads_.emplace_back([this] { PlayRounds(); });
}

ShardedTracker::~ShardedTracker() {
  for (const auto& lane : lanes_) lane->queue.Push(nullptr);
  to_play_.Push(nullptr);
}

void ShardedTracker::RunShard(Lane& lane, size_t index) {
  BlockSignals();
  while (Round* const round = lane.queue.Pop()) {
    lane.shard.Run(round->work(index));
    round->FinishPart();
  }
}

void ShardedTracker::PlayRounds() {
  BlockSignals();
  while (Round* const round = to_play_.Pop()) {
    round->WaitForParts();
    round->Play(*parts_.exchanges, between_);
    played_.Push(round);
  }
}

// The lower bits: the upper ones choose the part of the shard's table.
EventBatch& ShardedTracker::EventsOf(model::ConnectionId id) {
  const uint64_t low = MixBits(id) & 0xffff'ffff;
  return round_->work((low * lanes_.size()) >> 32).events;
}

void ShardedTracker::OnData(const model::DataEvent& event) {
  EventsOf(event.connection).AddData(round_->NextPlace(), event);
  round_->CountPayload(event.bytes.size());
  const auto ended = neighbours_.EndedBy(event);
  if (ended) EventsOf(*ended).AddReadToEnd(round_->NextPlace(), *ended, event.time_ns);
  CloseIfFull();
}

void ShardedTracker::OnConnection(const model::ConnectionEvent& event) {
  EventBatch& events = EventsOf(event.connection.id);
  const Neighbours::Kin kin = neighbours_.OnConnection(event);
  if (kin == Neighbours::Kin::kOwnPeer) {
    model::ConnectionEvent own = event;
    own.connection.self = true;
    events.AddConnection(round_->NextPlace(), own);
  } else {
    events.AddConnection(round_->NextPlace(), event);
  }
  if (kin == Neighbours::Kin::kOwn) {
    const uint32_t place = round_->NextPlace();
    for (size_t i = 0; i < lanes_.size(); ++i) {
      round_->work(i).events.AddIgnorePeersOf(place, event.connection);
    }
  }
  CloseIfFull();
}

void ShardedTracker::OnProcess(const model::Process& process) {
  const auto shared = std::make_shared<const model::Process>(process);
  const uint32_t place = round_->NextPlace();
  for (size_t i = 0; i < lanes_.size(); ++i) {
    round_->work(i).events.AddProcess(place, shared, /*counted=*/i == 0);
  }
  CloseIfFull();
}

void ShardedTracker::OnTick(const ClockAnchor& now) {
  const uint32_t place = round_->NextPlace();
  for (size_t i = 0; i < lanes_.size(); ++i) round_->work(i).events.AddTick(place, now);
  round_->AddTick(place, now);
  CloseIfFull();
}

void ShardedTracker::Flush() {
  round_->AddFlush();
  Close();
  if (under_way_ == 0) UpdateStages();
}

void ShardedTracker::CloseIfFull() {
  if (round_->events() >= options_.round_events ||
      round_->payload_bytes() >= options_.round_bytes) {
    Close();
  }
}

void ShardedTracker::Close() {
  if (round_->empty()) return;
  while (const auto round = played_.TryPop()) TakeBack(**round);
  if (under_way_ == 0 && round_->events() <= options_.inline_events) {
    RunHere();
  } else {
    SendOff();
  }
}

// Nothing is under way: all shards and the sinks are the caller's.
void ShardedTracker::RunHere() {
  for (size_t i = 0; i < lanes_.size(); ++i) {
    if (round_->work(i).events.size() > 0) lanes_[i]->shard.Run(round_->work(i));
  }
  round_->Play(*parts_.exchanges, between_);
  ++under_way_;
  TakeBack(*round_);
  free_.pop_back();
}

void ShardedTracker::SendOff() {
  uint32_t parts = 0;
  for (size_t i = 0; i < lanes_.size(); ++i) parts += round_->work(i).events.size() > 0 ? 1 : 0;
  round_->Begin(parts);
  for (size_t i = 0; i < lanes_.size(); ++i) {
    if (round_->work(i).events.size() > 0) lanes_[i]->queue.Push(round_);
  }
  to_play_.Push(round_);
  ++under_way_;
  if (free_.empty()) {
    ++waits_for_rounds_;
    TakeBack(*played_.Pop());
  }
  round_ = free_.back();
  free_.pop_back();
}

void ShardedTracker::TakeBack(Round& round) {
  for (size_t i = 0; i < lanes_.size(); ++i) {
    const ShardWork& work = round.work(i);
    for (const auto& [connection, policy] : work.policies) {
      parts_.policies->Set(connection, policy);
    }
    if (work.events.size() == 0) continue;
    lanes_[i]->needs_sweep = work.needs_sweep;
    lanes_[i]->waits = work.waits;
  }
  round.Clear();
  --under_way_;
  free_.push_back(&round);
}

void ShardedTracker::Settle() {
  Close();
  while (under_way_ > 0) TakeBack(*played_.Pop());
  UpdateStages();
}

void ShardedTracker::UpdateStages() {
  const ConnectionStages& stages = parts_.stages;
  size_t index = 0;  // in the order of AddConnectionStages()
  for (Stage* const stage : {stages.connection, stages.stream, stages.pairing, stages.exchange}) {
    Sum(index++, lanes_, *stage);
  }
}

void ShardedTracker::Finish(Nanoseconds now) {
  Settle();
  for (size_t i = 0; i < lanes_.size(); ++i) {
    lanes_[i]->shard.Finish(round_->work(i), now);
    lanes_[i]->needs_sweep = lanes_[i]->waits = false;
  }
  round_->Play(*parts_.exchanges, between_);
  ++under_way_;
  TakeBack(*round_);
  free_.pop_back();
  UpdateStages();
}

bool ShardedTracker::NeedsSweep() const {
  return std::any_of(lanes_.begin(), lanes_.end(),
                     [](const auto& lane) { return lane->needs_sweep; });
}

bool ShardedTracker::Waits() const {
  return under_way_ > 0 ||
         std::any_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->waits; });
}

size_t ShardedTracker::connections() const {
  size_t sum = 0;
  for (const auto& lane : lanes_) sum += lane->shard.connections();
  return sum;
}

size_t ShardedTracker::held_bytes() const {
  size_t sum = 0;
  for (const auto& lane : lanes_) sum += lane->shard.held_bytes();
  return sum;
}

}  // namespace spanwire::connection
