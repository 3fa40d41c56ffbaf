// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "agent/base/ledger.h"
#include "agent/connection/exchange_pool.h"
#include "agent/connection/limits.h"
#include "agent/connection/policy.h"
#include "agent/connection/process_table.h"
#include "agent/connection/stages.h"
#include "agent/model/message.h"
#include "agent/protocol/parser.h"

namespace spanwire::connection {

// The stage "stream" and its reasons. Bytes enter as held and leave it consumed or dropped.
struct StreamLedger {
  explicit StreamLedger(Stage& stage_in)
      : stage(stage_in),
        duplicate(stage.Drop("duplicate")),
        hole(stage.Drop("hole")),
        gap(stage.Drop("gap")),
        unparsed(stage.Drop("unparsed")),
        undetected(stage.Drop("undetected")),
        opaque(stage.Drop("opaque")),
        not_stream(stage.Drop("not_stream")),
        evicted(stage.Drop("evicted")),
        at_exit(stage.Drop("at_exit")) {}

  void Hold(uint64_t bytes) {
    stage.in.Add(bytes);
    stage.held.Add(bytes);
  }
  void Consume(uint64_t bytes) {
    stage.held.Subtract(bytes);
    stage.out.Add(bytes);
  }
  void Lose(uint64_t bytes, Counter& reason) {
    stage.held.Subtract(bytes);
    reason.Add(bytes);
  }
  // Bytes that were never held.
  void Pass(uint64_t bytes, Counter& reason) {
    stage.in.Add(bytes);
    reason.Add(bytes);
  }

  Stage& stage;
  Counter& duplicate;   // reported twice
  Counter& hole;        // passed, but no record told of them
  Counter& gap;         // reported, but of no use since something before them is missing
  Counter& unparsed;    // left when the connection ended
  Counter& undetected;  // of a connection whose protocol is unknown
  Counter& opaque;      // of a tunnel
  Counter& not_stream;  // datagrams and out-of-band bytes
  Counter& evicted;
  Counter& at_exit;
};

// What all connections of one tracker share.
struct Shared {
  Shared(std::span<const protocol::ProtocolSpec> protocols_in,
         const protocol::ParserOptions& parsing_in, const TrackerLimits& limits_in,
         const ConnectionStages& stages)
      : protocols(protocols_in),
        parsing(parsing_in),
        limits(limits_in),
        stream(*stages.stream),
        pairing(*stages.pairing),
        exchange(*stages.exchange),
        orphan_response(pairing.Drop("orphan_response")),
        orphan_interim(pairing.Drop("orphan_interim")),
        processes(limits_in.max_processes) {
    for (const auto& spec : protocols) probes.push_back(spec.make(parsing));
  }

  std::span<const protocol::ProtocolSpec> protocols;
  protocol::ParserOptions parsing;
  // One parser of each protocol, for FindBoundary() while a connection's protocol is unknown.
  std::vector<std::unique_ptr<protocol::ProtocolParser>> probes;
  TrackerLimits limits;
  StreamLedger stream;
  Stage& pairing;
  Stage& exchange;
  Counter& orphan_response;
  Counter& orphan_interim;
  ProcessTable processes;
  ExchangePool pool;
  model::ExchangeSink* exchanges = nullptr;
  PolicySink* policies = nullptr;
  uint64_t held_bytes = 0;  // of all connections
  size_t sweep_wanted = 0;  // connections that wait for counted bytes
};

}  // namespace spanwire::connection
