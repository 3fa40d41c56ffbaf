// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "agent/model/event.h"
#include "spanwire/abi.h"

namespace spanwire::connection {

// Events that own their bytes, to be given to any number of trackers.
class EventScript {
 public:
  void Add(const model::DataEvent& event) {
    items_.emplace_back(Data{event, std::string(event.bytes)});
  }
  void Add(const model::ConnectionEvent& event) { items_.emplace_back(event); }
  void Add(const model::Process& process) { items_.emplace_back(process); }
  void Add(const ClockAnchor& tick) { items_.emplace_back(tick); }

  size_t size() const { return items_.size(); }

  void Play(size_t index, model::EventSink& sink) const {
    const Item& item = items_[index];
    if (const auto* data = std::get_if<Data>(&item)) {
      model::DataEvent event = data->event;
      event.bytes = data->bytes;
      sink.OnData(event);
    } else if (const auto* connection = std::get_if<model::ConnectionEvent>(&item)) {
      sink.OnConnection(*connection);
    } else if (const auto* process = std::get_if<model::Process>(&item)) {
      sink.OnProcess(*process);
    } else {
      sink.OnTick(std::get<ClockAnchor>(item));
    }
  }

 private:
  struct Data {
    model::DataEvent event;
    std::string bytes;
  };
  using Item = std::variant<Data, model::ConnectionEvent, model::Process, ClockAnchor>;
  std::vector<Item> items_;
};

// Random traffic of many connections at once, in the line protocol: TCP and UNIX ones whose both
// ends are on this host, and the agent's own. Records are lost and come late, answers never come,
// connections are reset, forgotten and opened anew; processes become known at any time.
class RandomTraffic {
 public:
  explicit RandomTraffic(uint64_t seed) : random_(seed) {}

  EventScript Make(size_t steps) {
    script_.Add(ClockAnchor{now_, now_});
    for (size_t i = 0; i < steps; ++i) Step();
    return std::move(script_);
  }

 private:
  // The ends of a connection: the client's first. Of a pair, both see the same bytes.
  struct Pair {
    std::array<model::Connection, 2> ends;
    std::array<uint64_t, 2> offset{};  // by who sent: client, server
    uint32_t turn = 0;
    size_t sender = 2;
    uint32_t asked = 0;
    uint32_t answered = 0;
    bool closed = false;
  };

  size_t Pick(size_t below) { return random_() % below; }
  bool Chance(size_t one_in) { return Pick(one_in) == 0; }

  void Step() {
    now_ += Pick(Chance(50) ? 900'000'000 : 400'000);
    if (Chance(12)) script_.Add(ClockAnchor{now_, now_ + 5});
    if (Chance(40)) TellProcess();
    if (pairs_.size() < 4 || (pairs_.size() < 40 && Chance(10))) Open();
    Pair& pair = pairs_[Pick(pairs_.size())];
    if (Chance(60)) return Close(pair);
    if (Chance(80)) return Eof(pair);
    pair.asked == pair.answered || Chance(6) ? Ask(pair) : Answer(pair);
  }

  void TellProcess() {
    model::Process process;
    process.pid = static_cast<uint32_t>(1 + Pick(6));
    process.service_name = "service" + std::to_string(Pick(100));
    script_.Add(process);
  }

  void Open() {
    Pair pair;
    const bool is_unix = Chance(3);
    const bool own = Chance(12);
    const auto port = static_cast<uint16_t>(20'000 + next_id_);
    for (size_t end = 0; end < 2; ++end) {
      model::Connection& connection = pair.ends[end];
      connection.id = next_id_ + end;
      connection.role = end == 0 ? model::Role::kClient : model::Role::kServer;
      connection.transport = is_unix ? model::Transport::kUnix : model::Transport::kTcp;
      connection.joined = Chance(5);
      connection.self = own && end == 0;
      connection.inode = is_unix ? 1000 + next_id_ + end : 0;
      connection.peer_inode = is_unix && end == 1 ? 1000 + next_id_ : 0;
      connection.local = {{127, 0, 0, 1}, end == 0 ? port : uint16_t{80}};
      connection.remote = {{127, 0, 0, 1}, end == 0 ? uint16_t{80} : port};
    }
    next_id_ += 2;
    Tell(pair.ends[0], model::ConnectionChange::kConnect);
    const size_t first = Pick(2);
    for (const size_t end : {first, 1 - first}) {
      if (!Chance(15)) Tell(pair.ends[end], model::ConnectionChange::kOpen);
    }
    pairs_.push_back(pair);
  }

  void Tell(const model::Connection& connection, model::ConnectionChange change,
            uint16_t error = 0) {
    model::ConnectionEvent event;
    event.change = change;
    event.time_ns = ++now_;
    event.error = error;
    event.who = {.pid = 1, .tid = 1};
    event.connection = connection;
    script_.Add(event);
  }

  void Close(Pair& pair) {
    if (!pair.closed) {
      const uint16_t error = Chance(3) ? uint16_t{104} : uint16_t{0};
      for (const auto& end : pair.ends) {
        if (end.transport == model::Transport::kUnix || Chance(10)) continue;
        if (Chance(2)) Tell(end, model::ConnectionChange::kLocalFin);
        Tell(end, model::ConnectionChange::kClosed, error);
      }
    }
    pair = pairs_.back();
    pairs_.pop_back();
  }

  void Eof(Pair& pair) {
    model::DataEvent event;
    event.connection = pair.ends[Pick(2)].id;
    event.time_ns = ++now_;
    event.direction = model::Direction::kReceive;
    event.flags = SPANWIRE_DATA_EOF;
    event.turn = pair.turn;
    script_.Add(event);
  }

  void Ask(Pair& pair) { Send(pair, 0, "Q" + std::to_string(pair.asked++) + "\n"); }
  void Answer(Pair& pair) { Send(pair, 1, "A" + std::to_string(pair.answered++) + "\n"); }

  // Both ends see it, the sender first; one record in thirty is lost, some are cut.
  void Send(Pair& pair, size_t sender, std::string_view bytes) {
    const bool starts = pair.sender != sender;
    pair.sender = sender;
    pair.turn += starts ? 1 : 0;
    for (const size_t end : {sender, 1 - sender}) {
      model::DataEvent event;
      event.connection = pair.ends[end].id;
      event.time_ns = ++now_;
      event.direction = end == sender ? model::Direction::kTransmit : model::Direction::kReceive;
      event.flags = starts ? SPANWIRE_DATA_TURN_START : 0;
      event.offset = pair.offset[sender];
      event.length = bytes.size();
      event.bytes = bytes.substr(0, Chance(40) ? 1 : bytes.size());
      event.turn = pair.turn;
      event.sequence = static_cast<uint32_t>(event.offset + 7);
      event.who = {.pid = static_cast<uint32_t>(1 + end + Pick(3)), .tid = 9};
      if (!Chance(30)) script_.Add(event);
    }
    pair.offset[sender] += bytes.size();
  }

  std::mt19937_64 random_;
  EventScript script_;
  std::vector<Pair> pairs_;
  model::ConnectionId next_id_ = 1;
  Nanoseconds now_ = 1'000'000'000;
};

}  // namespace spanwire::connection
