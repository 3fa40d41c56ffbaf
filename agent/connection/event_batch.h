// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/model/event.h"

namespace spanwire::connection {

class ConnectionTable;

// What one shard is told, copied: so it can be told later and on another thread. Each event has its
// place among the events of all shards. Reused: Clear() keeps the memory.
class EventBatch {
 public:
  void AddData(uint32_t place, const model::DataEvent& event);
  void AddConnection(uint32_t place, const model::ConnectionEvent& event);
  // See the functions of ConnectionTable.
  void AddReadToEnd(uint32_t place, model::ConnectionId id, Nanoseconds now);
  void AddIgnorePeersOf(uint32_t place, const model::Connection& self);
  void AddProcess(uint32_t place, std::shared_ptr<const model::Process> process, bool counted);
  void AddTick(uint32_t place, const ClockAnchor& now);

  // Tells `table` the event at `index`. Requires: index < size().
  void Apply(size_t index, ConnectionTable& table) const;
  uint32_t PlaceOf(size_t index) const { return entries_[index].place; }

  size_t size() const { return entries_.size(); }
  void Clear();

 private:
  enum class Kind : uint8_t { kData, kConnection, kReadToEnd, kIgnore, kProcess, kLearn, kTick };
  struct Entry {
    Kind kind = Kind::kData;
    uint32_t place = 0;
    uint32_t index = 0;  // in the list of its kind
  };
  struct Data {
    model::DataEvent event;  // its bytes lie in payload_
    size_t begin = 0;
  };
  struct End {
    model::ConnectionId id = 0;
    Nanoseconds now = 0;
  };

  template <typename List, typename Item>
  void Add(Kind kind, uint32_t place, List& list, Item&& item);

  std::vector<Entry> entries_;
  std::string payload_;
  std::vector<Data> data_;
  std::vector<model::ConnectionEvent> connections_;
  std::vector<End> ends_;
  std::vector<model::Connection> own_;
  std::vector<std::shared_ptr<const model::Process>> processes_;
  std::vector<ClockAnchor> ticks_;
};

}  // namespace spanwire::connection
