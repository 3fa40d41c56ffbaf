// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/base/time.h"

namespace spanwire::connection {

// Bounds of the connection room. Times are compared with the times of events, never with a clock.
struct TrackerLimits {
  size_t connection_bytes = size_t{256} << 10;  // held bytes of one connection
  size_t total_bytes = size_t{64} << 20;        // and of all; beyond it the longest idle goes
  size_t max_connections = 100'000;
  size_t max_open_exchanges = 16'384;  // requests in flight on one connection
  size_t max_processes = 8192;
  Nanoseconds idle_ns = 300'000'000'000;  // connections without an open exchange
  // The same for UNIX connections of which one direction has ended: no record tells of their end.
  Nanoseconds ended_idle_ns = 10'000'000'000;
  Nanoseconds request_timeout_ns = 600'000'000'000;
  // How long a hole in a stream may stay before what is missing counts as lost: records of two
  // threads on one socket may overtake each other.
  Nanoseconds hole_wait_ns = 5'000'000;
  // How long a connection whose socket is closed may still be read from: a reset or the peer's last
  // bytes close a socket although its receive queue is not empty.
  Nanoseconds linger_ns = 500'000'000;
  // A connection that pipelines and lost bytes pairs again after both directions were silent for
  // this long: until then an answer may belong to a request that nobody saw.
  Nanoseconds pipelined_quiet_ns = 5'000'000'000;
  uint32_t default_budget_bytes =
      16'384;  // what the kernel copies of a turn when no policy was set
  // Turns of a connection older than the agent in which its protocol is looked for.
  uint32_t detect_turns = 16;
};

}  // namespace spanwire::connection
