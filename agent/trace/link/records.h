// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "agent/base/time.h"
#include "agent/model/connection.h"
#include "agent/trace/link/evidence.h"
#include "agent/trace/slots.h"

// What the linker keeps of each request, call and connect.
namespace spanwire::trace::link {

// An open request.
struct RequestRecord {
  Handle node{};
  uint64_t serial = 0;      // of its reading, among all that the linker was told
  Nanoseconds time_ns = 0;  // of its reading
  uint64_t context = 0;     // key of the context that read it
  uint32_t pid = 0;
  bool replied = false;
  uint64_t header_hash = 0;
  uint64_t id_hash = 0;
};

// The beginning of a call: at connect() where the connection is new, else at its first byte.
struct Origin {
  Evidence evidence;
  std::array<uint64_t, 3> contexts{};  // keys: who began it, its creator, and that one's
  Handle cause;                        // event loop: the call whose answer led to this one
  uint64_t serial = 0;
  Nanoseconds time_ns = 0;
  uint64_t reads = 0;  // of the process, so far
  uint32_t pid = 0;
  bool alone = false;             // one request was open in the process
  std::array<Handle, 2> named{};  // nodes of the requests that forward and backward evidence names
};

struct CallRecord {
  Handle node{};
  model::ConnectionId connection = 0;
  Origin origin;
  bool answered = false;
  bool ended = false;
  bool decided = false;
  Handle request{};  // decided: the parent
};

struct ConnectRecord {
  Origin origin;
  uint64_t serial = 0;
  Nanoseconds time_ns = 0;
};

}  // namespace spanwire::trace::link
