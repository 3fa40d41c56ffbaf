// SPDX-License-Identifier: Apache-2.0
// What an event costs in the connection room, with the HTTP/1 parser and without a sink behind it.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "agent/base/ledger.h"
#include "agent/connection/tracker.h"
#include "agent/protocol/registry.h"
#include "spanwire/abi.h"

namespace spanwire::connection {
namespace {

const std::string kRequest =
    "GET /static/file.html?page=1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: wrk/4.1\r\n"
    "Accept: */*\r\n\r\n";
const std::string kResponse =
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 01 Jan 2028 00:00:00 GMT\r\n"
    "Content-Type: text/html\r\nContent-Length: 1024\r\nConnection: keep-alive\r\n\r\n";

class NoExchanges final : public model::ExchangeSink {
 public:
  void OnRequest(const model::Exchange& /*exchange*/) override {}
  void OnStep(const model::Step& /*step*/) override {}
  void OnExchange(model::Exchange& exchange) override { count += exchange.has_response ? 1 : 0; }
  uint64_t count = 0;
};

// `size` server ends whose requests come in random order.
class Load {
 public:
  explicit Load(size_t size) : ends_(size) {
    for (size_t i = 0; i < size; ++i) {
      model::ConnectionEvent open;
      open.change = model::ConnectionChange::kOpen;
      open.connection.id = i + 1;
      open.connection.role = model::Role::kServer;
      open.connection.local = {{127, 0, 0, 1}, 8080};
      open.connection.remote = {{127, 0, 0, 1}, static_cast<uint16_t>(10'000 + i)};
      tracker_.OnConnection(open);
    }
    order_.resize(65'536);
    std::mt19937_64 random(1);
    for (uint32_t& next : order_) next = static_cast<uint32_t>(random() % size);
  }

  void Exchange() {
    const uint32_t index = order_[++position_ % order_.size()];
    End& end = ends_[index];
    Data(index, model::Direction::kReceive, kRequest, kRequest.size(), end.received);
    Data(index, model::Direction::kTransmit, kResponse, kResponse.size() + 1024, end.sent);
  }
  uint64_t answered() const { return sink_.count; }

 private:
  struct End {
    uint64_t received = 0;
    uint64_t sent = 0;
    uint32_t turn = 0;
  };

  void Data(uint32_t index, model::Direction direction, const std::string& bytes, size_t length,
            uint64_t& offset) {
    model::DataEvent event;
    event.connection = index + 1;
    event.time_ns = now_ += 5'000;
    event.direction = direction;
    event.flags = SPANWIRE_DATA_TURN_START;
    event.offset = offset;
    event.length = length;
    event.turn = ++ends_[index].turn;
    event.who = {.pid = 10, .tid = 11};
    event.bytes = bytes;
    offset += length;
    tracker_.OnData(event);
  }

  Ledger ledger_;
  NoExchanges sink_;
  NoPolicySink policies_;
  ConnectionTracker tracker_{
      {protocol::Registry(), AddConnectionStages(ledger_), &sink_, &policies_}};
  std::vector<End> ends_;
  std::vector<uint32_t> order_;
  size_t position_ = 0;
  Nanoseconds now_ = 0;
};

void BM_TrackHttpExchange(benchmark::State& state) {
  Load load(static_cast<size_t>(state.range(0)));
  for (auto _ : state) load.Exchange();
  if (load.answered() != static_cast<uint64_t>(state.iterations())) {
    state.SkipWithError("exchanges were lost");
  }
}
BENCHMARK(BM_TrackHttpExchange)->Arg(1)->Arg(16)->Arg(1000)->Arg(10'000);

}  // namespace
}  // namespace spanwire::connection
