// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "agent/base/hash.h"
#include "agent/model/message.h"
#include "agent/model/span.h"

namespace spanwire::trace {

// What identifies one request on its way: both ends of the connection see the same.
//
// TCP: the two endpoints in the order of the request, the sequence number of its first byte and the
// upper half of its stream offset; IPv4 as mapped IPv6, and for loopback the network namespace.
// UNIX: the inode of the socket that asks and the stream offset.
struct HopKey {
  Hash128 hash;
  // The other end, if it is on this host, has the same key. False where this end cannot know what
  // the other one sees: the key is then only unique.
  bool shared = false;
};

HopKey KeyOf(const model::Exchange& exchange);

// Ids are functions of the key and of the day's part in which the request began (`wall_ns`):
// sequence numbers and inodes come back, and traces of different days shall not meet. Never all
// zero.
model::TraceId MakeTraceId(const HopKey& key, uint64_t wall_ns);
model::SpanId MakeClientSpanId(const HopKey& key, uint64_t wall_ns);
model::SpanId MakeServerSpanId(const HopKey& key, uint64_t wall_ns);

}  // namespace spanwire::trace
