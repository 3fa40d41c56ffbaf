// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/event_batch.h"

#include <utility>

#include "agent/connection/connection_table.h"

namespace spanwire::connection {

template <typename List, typename Item>
void EventBatch::Add(Kind kind, uint32_t place, List& list, Item&& item) {
  entries_.push_back({kind, place, static_cast<uint32_t>(list.size())});
  list.push_back(std::forward<Item>(item));
}

void EventBatch::AddData(uint32_t place, const model::DataEvent& event) {
  Add(Kind::kData, place, data_, Data{event, payload_.size()});
  payload_ += event.bytes;
}

void EventBatch::AddConnection(uint32_t place, const model::ConnectionEvent& event) {
  Add(Kind::kConnection, place, connections_, event);
}

void EventBatch::AddReadToEnd(uint32_t place, model::ConnectionId id, Nanoseconds now) {
  Add(Kind::kReadToEnd, place, ends_, End{id, now});
}

void EventBatch::AddIgnorePeersOf(uint32_t place, const model::Connection& self) {
  Add(Kind::kIgnore, place, own_, self);
}

void EventBatch::AddProcess(uint32_t place, std::shared_ptr<const model::Process> process,
                            bool counted) {
  Add(counted ? Kind::kProcess : Kind::kLearn, place, processes_, std::move(process));
}

void EventBatch::AddTick(uint32_t place, const ClockAnchor& now) {
  Add(Kind::kTick, place, ticks_, now);
}

void EventBatch::Apply(size_t index, ConnectionTable& table) const {
  const Entry& entry = entries_[index];
  switch (entry.kind) {
    case Kind::kData: {
      model::DataEvent event = data_[entry.index].event;
      event.bytes = std::string_view(payload_).substr(data_[entry.index].begin, event.bytes.size());
      table.OnData(event);
      return;
    }
    case Kind::kConnection: table.OnConnection(connections_[entry.index]); return;
    case Kind::kReadToEnd: table.OnReadToEnd(ends_[entry.index].id, ends_[entry.index].now); return;
    case Kind::kIgnore: table.IgnorePeersOf(own_[entry.index]); return;
    case Kind::kProcess: table.OnProcess(processes_[entry.index]); return;
    case Kind::kLearn: table.Learn(processes_[entry.index]); return;
    case Kind::kTick: table.OnTick(ticks_[entry.index]); return;
  }
}

void EventBatch::Clear() {
  entries_.clear();
  payload_.clear();
  data_.clear();
  connections_.clear();
  ends_.clear();
  own_.clear();
  processes_.clear();
  ticks_.clear();
}

}  // namespace spanwire::connection
