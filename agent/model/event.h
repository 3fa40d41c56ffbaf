// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "agent/base/time.h"
#include "agent/model/connection.h"
#include "agent/model/process.h"

namespace spanwire::model {

// Who did an operation.
struct ExecutionContext {
  uint32_t pid = 0;  // process (tgid); 0 = none, e.g. interrupt context
  uint32_t tid = 0;
  uint64_t context = 0;  // goroutine, asyncio task, …; 0 = the thread itself
  uint64_t creator = 0;  // the context that made it; 0 = unknown
  bool operator==(const ExecutionContext&) const = default;
};

// Bytes that passed but were only counted.
struct CountedBytes {
  uint64_t offset = 0;
  uint64_t length = 0;  // 0 = none
  uint32_t turn = 0;
  Nanoseconds end_ns = 0;  // when the last of them passed
};

// One socket call, or bytes counted by earlier ones (see struct spanwire_data in spanwire/abi.h).
struct DataEvent {
  ConnectionId connection = 0;
  Nanoseconds time_ns = 0;
  Direction direction = Direction::kTransmit;
  uint32_t flags = 0;  // enum spanwire_data_flags
  uint64_t offset = 0;
  uint64_t length = 0;  // bytes that passed; bytes.size() of them are here, from the front
  uint32_t turn = 0;
  uint32_t sequence = 0;    // TCP sequence number of the first byte
  uint16_t error = 0;       // errno
  Nanoseconds wait_ns = 0;  // receive: how long the bytes lay in the socket; 0 = unknown
  Nanoseconds took_ns = 0;  // transmit: how long before time_ns the first byte passed; 0 = unknown
  ExecutionContext who;
  CountedBytes prior;      // of the other direction, before this event
  std::string_view bytes;  // lives for the duration of the call that hands the event over
};

enum class ConnectionChange : uint8_t {
  kConnect = 1,
  kOpen = 2,
  kAccept = 3,
  kLocalFin = 4,
  kPeerFin = 5,
  kClosed = 6
};

struct ConnectionEvent {
  ConnectionChange change = ConnectionChange::kOpen;
  Nanoseconds time_ns = 0;
  uint16_t error = 0;     // errno of the socket at kClosed
  ExecutionContext who;   // pid 0 in interrupt context
  Connection connection;  // addresses are complete at kOpen and later
};

// Takes what a source delivers, in order. Called on the source's thread; views in events live only
// for the call.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void OnData(const DataEvent& event) = 0;
  virtual void OnConnection(const ConnectionEvent& event) = 0;
  virtual void OnProcess(const Process& process) = 0;
  // Time passes: `now` moves time-outs; everything before it has been delivered. At least every
  // 100 ms while there is traffic or something waits.
  virtual void OnTick(const ClockAnchor& now) = 0;
};

}  // namespace spanwire::model
