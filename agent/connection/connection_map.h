// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "agent/base/hash.h"
#include "agent/connection/tracked_connection.h"

namespace spanwire::connection {

// The connections of one shard by id, in parts that can be looked over one at a time. Which part a
// connection is in depends on its id alone, so that it does not matter how many shards there are.
class ConnectionMap {
 public:
  static constexpr size_t kParts = 16;

  TrackedConnection* Find(model::ConnectionId id) {
    Part& part = PartOf(id);
    const auto found = part.find(id);
    return found == part.end() ? nullptr : &found->second;
  }

  // Requires: there is none with this id.
  TrackedConnection& Add(Shared& shared, const model::Connection& connection, Nanoseconds now) {
    ++size_;
    return PartOf(connection.id).try_emplace(connection.id, shared, connection, now).first->second;
  }

  void Remove(model::ConnectionId id) { size_ -= PartOf(id).erase(id); }

  size_t size() const { return size_; }

  // Calls visit(TrackedConnection&) for those of one part, or for all, in no particular order.
  template <typename Visit>
  void ForPart(size_t index, Visit visit) {
    for (auto& [id, connection] : parts_[index]) visit(connection);
  }
  template <typename Visit>
  void ForAll(Visit visit) {
    for (size_t i = 0; i < kParts; ++i) ForPart(i, visit);
  }

 private:
  struct IdHash {
    size_t operator()(model::ConnectionId id) const { return MixBits(id); }
  };
  using Part = std::unordered_map<model::ConnectionId, TrackedConnection, IdHash>;
  // The upper bits: the lower ones choose the shard.
  Part& PartOf(model::ConnectionId id) { return parts_[MixBits(id) >> 60]; }

  std::array<Part, kParts> parts_;
  size_t size_ = 0;
};

}  // namespace spanwire::connection
