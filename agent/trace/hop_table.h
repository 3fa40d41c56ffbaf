// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "agent/base/hash.h"
#include "agent/base/time.h"
#include "agent/model/span.h"
#include "agent/trace/slots.h"

namespace spanwire::trace {

// What the server's end of a hop takes over from the client's.
struct HopContext {
  Handle node{};  // the client's end; as long as it is in the tree, its ids may change
  model::TraceId trace_id{};
  model::SpanId span_id{};
  uint8_t flags = 0;
};

// Requests that a client on this host sent and that no server on this host has claimed yet. Each is
// claimed once, or goes when it is old or when there are too many.
class HopTable {
 public:
  HopTable(size_t limit, Nanoseconds expiry_ns) : limit_(limit), expiry_ns_(expiry_ns) {}

  void Add(const Hash128& key, const HopContext& context, Nanoseconds now);

  // Claims the request of `key`. False when there is none.
  bool Take(const Hash128& key, HopContext& context);

  // The request of `key`, if nobody has claimed it, has other ids.
  void Update(const Hash128& key, const HopContext& context);

  // Forgets what was added before `now` - expiry.
  void Expire(Nanoseconds now);

  size_t size() const { return entries_.size(); }
  // Requests that went because the table was full, not because they were old.
  uint64_t evicted() const { return evicted_; }

 private:
  struct Entry {
    uint64_t check = 0;  // the key's other half
    uint64_t serial = 0;
    HopContext context;
  };
  struct Age {
    Nanoseconds added_ns = 0;
    uint64_t key = 0;
    uint64_t serial = 0;
  };
  struct SameHash {
    size_t operator()(uint64_t key) const { return key; }
  };
  using Map = std::unordered_map<uint64_t, Entry, SameHash>;

  void Recycle(Map::iterator entry);

  size_t limit_;
  Nanoseconds expiry_ns_;
  uint64_t serial_ = 0;
  uint64_t evicted_ = 0;
  Map entries_;
  std::deque<Age> ages_;               // in order of Add(); may name entries that were claimed
  std::vector<Map::node_type> spare_;  // nodes kept, so that the steady state allocates nothing
};

}  // namespace spanwire::trace
