// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/ledger.h"
#include "agent/connection/tracker.h"
#include "spanwire/abi.h"
#include "tests/unit/connection/line_protocol.h"

namespace spanwire::connection {

// What became of an exchange, as a test compares it.
struct Seen {
  std::string request;
  std::string response;  // empty: none
  model::Ending ending = model::Ending::kAnswered;
  model::Exchange exchange;
};

class ExchangeLog final : public model::ExchangeSink {
 public:
  void OnRequest(const model::Exchange& /*exchange*/) override { ++requests; }
  void OnStep(const model::Step& step) override { steps.push_back(step); }
  void OnExchange(model::Exchange& exchange) override {
    Seen& entry = seen.emplace_back();
    entry.request = exchange.request.name;
    if (exchange.has_response) entry.response = exchange.response.name;
    entry.ending = exchange.ending;
    entry.exchange = exchange;
  }

  size_t requests = 0;
  std::vector<Seen> seen;
  std::vector<model::Step> steps;
};

class PolicyLog final : public PolicySink {
 public:
  void Set(model::ConnectionId connection, const Policy& policy) override {
    sent.emplace_back(connection, policy);
  }
  std::vector<std::pair<model::ConnectionId, Policy>> sent;
};

// A tracker and the kernel before it: one client-side connection whose events it makes. Offsets,
// turns and times follow as the kernel would count them.
class Wire {
 public:
  explicit Wire(TrackerLimits limits = {},
                std::span<const protocol::ProtocolSpec> protocols = kLineProtocol)
      : stages(AddConnectionStages(ledger)), tracker(Parts(protocols), limits) {}

  static model::Connection Describe(model::ConnectionId id) {
    model::Connection connection;
    connection.id = id;
    connection.local = {{127, 0, 0, 1}, static_cast<uint16_t>(40'000 + id % 10'000)};
    connection.remote = {{127, 0, 0, 1}, 80};
    return connection;
  }

  void Open(model::ConnectionId id = 1, bool joined = false,
            model::Role role = model::Role::kUnknown) {
    model::ConnectionEvent event;
    event.change = model::ConnectionChange::kOpen;
    event.time_ns = now;
    event.connection = Describe(id);
    event.connection.joined = joined;
    event.connection.role = role;
    tracker.OnConnection(event);
  }

  void Change(model::ConnectionChange change, uint16_t error = 0, model::ConnectionId id = 1) {
    model::ConnectionEvent event;
    event.change = change;
    event.time_ns = now += 1000;
    event.error = error;
    event.connection = Describe(id);
    tracker.OnConnection(event);
  }
  void Close(uint16_t error = 0, model::ConnectionId id = 1) {
    Change(model::ConnectionChange::kClosed, error, id);
    closed = now;
    lines_.erase(id);
    Tick(kLinger);
  }

  // The next bytes of a direction. Only the first `captured` of them were copied.
  model::DataEvent Make(model::Direction direction, std::string_view bytes,
                        size_t captured = std::string_view::npos, model::ConnectionId id = 1) {
    Line& line = lines_[id];
    model::DataEvent event;
    event.connection = id;
    event.time_ns = now += 1000;
    event.direction = direction;
    event.length = bytes.size();
    event.bytes = bytes.substr(0, captured);
    event.offset = line.offset[static_cast<size_t>(direction)];
    event.sequence = static_cast<uint32_t>(5000 + event.offset);
    event.who = {.pid = 7, .tid = 8};
    if (line.turn == 0 || line.last != direction) {
      ++line.turn;
      event.flags |= SPANWIRE_DATA_TURN_START;
    }
    line.last = direction;
    event.turn = line.turn;
    line.offset[static_cast<size_t>(direction)] += bytes.size();
    return event;
  }

  // The client's view: requests are transmitted, responses received.
  void Send(std::string_view bytes, model::ConnectionId id = 1) {
    tracker.OnData(Make(model::Direction::kTransmit, bytes, std::string_view::npos, id));
  }
  void Receive(std::string_view bytes, model::ConnectionId id = 1) {
    tracker.OnData(Make(model::Direction::kReceive, bytes, std::string_view::npos, id));
  }
  // Bytes whose record was lost.
  void LoseSent(std::string_view bytes) { Make(model::Direction::kTransmit, bytes); }
  void LoseReceived(std::string_view bytes) { Make(model::Direction::kReceive, bytes); }

  // A record without bytes: the end of a stream, or a failed call.
  void Flag(model::Direction direction, uint32_t flags, uint16_t error = 0) {
    model::DataEvent event;
    event.connection = 1;
    event.time_ns = now += 1000;
    event.direction = direction;
    event.flags = flags;
    event.error = error;
    event.turn = lines_[1].turn;
    event.offset = lines_[1].offset[static_cast<size_t>(direction)];
    tracker.OnData(event);
  }
  void ReceiveEof() { Flag(model::Direction::kReceive, SPANWIRE_DATA_EOF); }

  void Tick(Nanoseconds advance) {
    now += advance;
    tracker.OnTick({.monotonic_ns = now, .wall_ns = now});
  }

  // "q1=a1 q2=- …": each exchange in the order of its end.
  std::string Pairs() const {
    std::string text;
    for (const Seen& seen : log.seen) {
      if (!text.empty()) text += ' ';
      text += seen.request + "=" + (seen.response.empty() ? "-" : seen.response);
    }
    return text;
  }
  std::string Unbalanced() const {
    std::string names;
    for (const auto& stage : ledger.stages()) {
      if (!stage->Balanced()) names += stage->name() + " ";
    }
    return names;
  }
  uint64_t Dropped(Stage* stage, std::string_view reason) const {
    for (const auto& [name, counter] : stage->drops()) {
      if (name == reason) return counter->Get();
    }
    return 0;
  }

  // A closed connection may be read from for this long at most.
  static constexpr Nanoseconds kLinger = 600'000'000;

  Nanoseconds now = 1'000'000'000;
  Nanoseconds closed = 0;  // when the last connection was closed
  Ledger ledger;
  ConnectionStages stages;
  ExchangeLog log;
  PolicyLog policies;

 private:
  struct Line {
    uint64_t offset[2] = {0, 0};
    uint32_t turn = 0;
    model::Direction last = model::Direction::kTransmit;
  };
  TrackerParts Parts(std::span<const protocol::ProtocolSpec> protocols) {
    return {protocols, stages, &log, &policies};
  }

  std::map<model::ConnectionId, Line> lines_;

 public:
  ConnectionTracker tracker;
};

}  // namespace spanwire::connection
