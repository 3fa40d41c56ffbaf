// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "agent/connection/limits.h"
#include "agent/connection/policy.h"
#include "agent/connection/stages.h"
#include "agent/model/event.h"
#include "agent/model/message.h"
#include "agent/protocol/parser.h"

namespace spanwire::connection {

// What a tracker works with. Everything outlives it.
struct TrackerParts {
  std::span<const protocol::ProtocolSpec> protocols;
  ConnectionStages stages;
  model::ExchangeSink* exchanges = nullptr;
  PolicySink* policies = nullptr;
  protocol::ParserOptions parsing = {};
};

// Follows every connection: puts its bytes in order, finds out which protocol it speaks, parses
// both directions and pairs requests with responses.
//
// Deterministic: the same events give the same exchanges; time comes from events only. Not
// thread-safe.
class ConnectionTracker final : public model::EventSink {
 public:
  explicit ConnectionTracker(const TrackerParts& parts, const TrackerLimits& limits = {});
  ~ConnectionTracker() override;

  void OnData(const model::DataEvent& event) override;
  void OnConnection(const model::ConnectionEvent& event) override;
  void OnProcess(const model::Process& process) override;
  void OnTick(const ClockAnchor& now) override;

  // Ends every open exchange as kStillOpen and forgets all connections. Call once, last.
  void Finish(Nanoseconds now);

  // True while a message is incomplete whose missing bytes the kernel may only have counted: it
  // should be asked to report them (SPANWIRE_DATA_SWEEP). O(1).
  bool NeedsSweep() const;

  // True while bytes are held back because others before them may still come: OnTick() must follow
  // soon. O(1).
  bool Waits() const;

  size_t connections() const;
  // Payload and bookkeeping of all streams.
  size_t held_bytes() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spanwire::connection
