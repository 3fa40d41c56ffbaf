// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/base/ledger.h"

namespace spanwire::connection {

// The room's part of the loss ledger. For each stage in == out + held + Σ dropped, at any time.
struct ConnectionStages {
  Stage* connection = nullptr;  // events: data, connection and process events given, and applied
  Stage* stream = nullptr;      // bytes that passed (holes included), and that parsers took
  Stage* pairing = nullptr;     // messages begun, and handed on within an exchange
  Stage* exchange = nullptr;    // requests, and exchanges handed on
};

// Adds the four stages, in this order.
ConnectionStages AddConnectionStages(Ledger& ledger);

}  // namespace spanwire::connection
