// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/base/time.h"
#include "agent/connection/byte_stream.h"

namespace spanwire::connection {

// One direction of a connection and how far its parsing is.
struct FlowState {
  explicit FlowState(size_t limit_bytes) : stream(limit_bytes) {}

  ByteStream stream;
  bool started = false;              // a byte was seen: the stream knows where it begins
  bool ended = false;                // nothing follows what is known
  bool seeking = false;              // waits for a turn that begins with a message
  uint64_t message_begin = 0;        // offset of the message that began last
  bool message_open = false;         // a message began and has not ended
  bool paired = false;               // and it belongs to an exchange
  bool cut = false;                  // the newest record was not captured whole
  uint32_t turn = 0;                 // of the newest record
  uint64_t turn_bytes = 0;           // bytes known of that turn
  uint64_t message_stream = 0;       // stream id of the open message
  Nanoseconds last_ns = 0;           // when the last byte taken off passed
  model::ExecutionContext last_who;  // and who did that
};

}  // namespace spanwire::connection
