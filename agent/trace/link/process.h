// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>

#include "agent/base/time.h"
#include "agent/trace/key_table.h"
#include "agent/trace/link/evidence.h"
#include "agent/trace/slots.h"

namespace spanwire::trace::link {

// Open requests of one process by something that a call may carry on.
class RequestIndex {
 public:
  void Add(uint64_t key, Handle request) {
    Entry& entry = table_.Put(key);
    entry.request = ++entry.count == 1 ? request : Handle();
  }
  void Remove(uint64_t key) {
    Entry* entry = table_.Find(key);
    if (entry != nullptr && --entry->count == 0) table_.Erase(key);
  }
  // The only request with `key`.
  Handle Find(uint64_t key) {
    const Entry* entry = key == 0 ? nullptr : table_.Find(key);
    return entry == nullptr ? Handle() : entry->request;
  }

 private:
  struct Entry {
    Handle request;
    uint32_t count = 0;
  };
  KeyTable<Entry> table_;
};

// A process that serves requests.
struct Process {
  std::deque<Handle> open;   // requests in the order in which they were read; may name ended ones
  std::deque<Handle> calls;  // undecided, in the order in which they began; may name decided ones
  std::deque<Handle> unproven;  // calls that wait for the process to prove itself
  size_t open_count = 0;
  uint64_t reads = 0;  // requests read so far
  RequestIndex headers;
  RequestIndex ids;
  Traits traits;
  Nanoseconds last_ns = 0;
};

}  // namespace spanwire::trace::link
