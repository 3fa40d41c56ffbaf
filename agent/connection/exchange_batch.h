// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "agent/model/message.h"

namespace spanwire::connection {

// What one shard told its ExchangeSink, copied: so it can be played back later and on another
// thread, in the order in which one shard alone would have told it. Reused: Clear() keeps the
// memory.
class ExchangeBatch {
 public:
  // When something was told: by the event at `place`; where one event has effects in several
  // shards, in the order of connections.
  struct When {
    uint32_t place = 0;
    model::ConnectionId connection = 0;
    auto operator<=>(const When&) const = default;
  };

  void AddRequest(uint32_t place, const model::Exchange& exchange);
  void AddStep(uint32_t place, const model::Step& step);
  // Takes the contents of `exchange`.
  void AddExchange(uint32_t place, model::Exchange& exchange);

  // Playing back. Requires: !empty().
  bool empty() const { return next_ == calls_.size(); }
  const When& front() const { return calls_[next_].when; }
  void PlayFront(model::ExchangeSink& sink);

  // Forgets everything, and begins anew.
  void Clear();

 private:
  enum class Kind : uint8_t { kRequest, kStep, kExchange };
  struct Call {
    When when;
    Kind kind = Kind::kRequest;
    uint32_t index = 0;  // in copies_ or steps_
  };
  // With its own connection, since the other one may be gone.
  struct Copy {
    model::Exchange exchange;
    model::Connection connection;
  };
  static constexpr size_t kKeep = 1024;

  Copy& TakeCopy(uint32_t place, Kind kind, const model::Connection& connection);

  std::vector<Call> calls_;
  size_t next_ = 0;  // to be played
  std::vector<std::unique_ptr<Copy>> copies_;
  size_t copies_used_ = 0;
  std::vector<model::Step> steps_;
};

}  // namespace spanwire::connection
