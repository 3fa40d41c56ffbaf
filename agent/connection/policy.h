// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "agent/model/connection.h"

namespace spanwire::connection {

// What the kernel shall copy of one connection (struct spanwire_policy of the ABI).
struct Policy {
  enum class Mode : uint8_t { kBudget = 0, kCount = 1, kIgnore = 2 };

  uint32_t rx_bytes = 0;  // of each turn; kBudget only
  uint32_t tx_bytes = 0;
  uint32_t rx_call_bytes = 0;  // and of one call of it
  uint32_t tx_call_bytes = 0;
  // A turn of more bytes, or of several calls, may hold several requests; the turn that answers it
  // is captured as a whole.
  uint32_t single_bytes = 0;
  Mode mode = Mode::kBudget;
  uint32_t reopen = 0;  // a new value asks for the connection's kOpen again
  bool operator==(const Policy&) const = default;
};

// Takes decisions to the kernel. Called on the shard's thread, only when a decision changed.
class PolicySink {
 public:
  virtual ~PolicySink() = default;
  virtual void Set(model::ConnectionId connection, const Policy& policy) = 0;
};

// For replays, where there is no kernel to tell.
class NoPolicySink final : public PolicySink {
 public:
  void Set(model::ConnectionId /*connection*/, const Policy& /*policy*/) override {}
};

}  // namespace spanwire::connection
