// SPDX-License-Identifier: Apache-2.0
// Feeds a ConnectionTracker with events of any content: offsets, turns, lengths and flags that no
// kernel would send. It must end, hold to its bounds and account for every byte.
//
// The input is a list of steps: a byte that says what, a byte that says how many, then bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "agent/base/byte_reader.h"
#include "agent/base/ledger.h"
#include "agent/connection/tracker.h"
#include "agent/protocol/registry.h"
#include "spanwire/abi.h"

namespace spanwire::connection {
namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

class Endings final : public model::ExchangeSink {
 public:
  void OnRequest(const model::Exchange& /*exchange*/) override { ++open; }
  void OnStep(const model::Step& step) override {
    Check(step.kind == model::StepKind::kConnect || step.kind == model::StepKind::kStray ||
          open > 0);
  }
  void OnExchange(model::Exchange& exchange) override {
    Check(open-- > 0);
    Check(exchange.connection != nullptr);
    // An answer may end before the content of its request does.
    Check(exchange.ended_ns >= exchange.request_at.first_ns);
    Check(exchange.ending != model::Ending::kAnswered || exchange.has_response);
  }
  int64_t open = 0;
};

class Driver {
 public:
  explicit Driver(ByteReader reader) : reader_(reader) {}

  void Run() {
    while (!reader_.empty()) {
      Step();
      for (const auto& stage : ledger_.stages()) Check(stage->Balanced());
      Check(tracker_.held_bytes() <= Limits().total_bytes + Limits().connection_bytes);
    }
    tracker_.Finish(now_);
    for (const auto& stage : ledger_.stages()) {
      Check(stage->Balanced() && stage->held.Get() == 0);
    }
    Check(sink_.open == 0 && !tracker_.NeedsSweep() && tracker_.held_bytes() == 0);
  }

 private:
  static TrackerLimits Limits() {
    TrackerLimits limits;
    limits.connection_bytes = 8192;
    limits.total_bytes = 16'384;
    limits.max_connections = 4;
    limits.max_open_exchanges = 8;
    limits.request_timeout_ns = 5'000'000'000;
    limits.idle_ns = 3'000'000'000;
    return limits;
  }

  uint8_t Byte() { return reader_.ReadPod<uint8_t>().value_or(0); }

  void Step() {
    const uint8_t what = Byte();
    const uint8_t extra = Byte();
    now_ += uint64_t{extra} * extra * 1000;
    switch (what & 7) {
      case 0: Connection(what, extra); return;
      case 1: tracker_.OnTick({now_ += uint64_t{extra} << 24, 0}); return;
      case 2: Data(what, extra, true); return;
      default: Data(what, extra, false); return;
    }
  }

  void Connection(uint8_t what, uint8_t extra) {
    model::ConnectionEvent event;
    event.change = static_cast<model::ConnectionChange>(1 + extra % 6);
    event.time_ns = now_;
    event.error = (extra & 0x80) != 0 ? 104 : 0;
    event.connection.id = what >> 5;
    event.connection.joined = (what & 8) != 0;
    event.connection.self = extra == 0x7f;
    event.connection.transport =
        (what & 16) != 0 ? model::Transport::kUnix : model::Transport::kTcp;
    event.connection.inode = what >> 5;
    event.connection.peer_inode = (what >> 5) ^ 1;
    tracker_.OnConnection(event);
    if (event.change == model::ConnectionChange::kOpen) line_ = {};
  }

  // `wild`: numbers come from the input; else they go on as a kernel would count them.
  void Data(uint8_t what, uint8_t extra, bool wild) {
    const size_t size = std::min<size_t>((what & 8) != 0 ? extra * 16 : extra, reader_.remaining());
    const std::string_view bytes = reader_.ReadText(size).value_or("");
    const auto direction = static_cast<model::Direction>((what >> 4) & 1);
    model::DataEvent event;
    event.connection = what >> 5;
    event.time_ns = now_;
    event.direction = direction;
    event.bytes = bytes;
    event.length = bytes.size();
    uint64_t& offset = line_.offset[(what >> 4) & 1];
    if (line_.turn == 0 || line_.last != direction) {
      ++line_.turn;
      event.flags = SPANWIRE_DATA_TURN_START;
    }
    if (wild) Wild(event);
    line_.last = direction;
    event.offset += offset;
    event.turn += line_.turn;
    if (!wild) offset += event.length;
    tracker_.OnData(event);
  }

  void Wild(model::DataEvent& event) {
    event.flags = Byte() | uint32_t{Byte()} << 8;
    event.error = Byte();
    event.offset = reader_.ReadPod<int8_t>().value_or(0);
    event.turn = static_cast<uint32_t>(reader_.ReadPod<int8_t>().value_or(0));
    event.length += Byte();
    event.prior.offset = reader_.ReadPod<uint64_t>().value_or(0);
    event.prior.length = Byte();
    event.prior.turn = event.turn - 1;
    if (event.error == 1) event.offset = ~uint64_t{0} - 3;
  }

  struct Line {
    uint64_t offset[2] = {0, 0};
    uint32_t turn = 0;
    model::Direction last = model::Direction::kTransmit;
  };

  ByteReader reader_;
  Ledger ledger_;
  Endings sink_;
  NoPolicySink policies_;
  ConnectionTracker tracker_{
      {protocol::Registry(), AddConnectionStages(ledger_), &sink_, &policies_}, Limits()};
  Line line_;
  Nanoseconds now_ = 1'000'000'000;
};

}  // namespace
}  // namespace spanwire::connection

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  spanwire::connection::Driver(spanwire::ByteReader(bytes)).Run();
  return 0;
}
