// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/base/ledger.h"
#include "agent/capture/decode.h"
#include "spanwire/abi.h"

namespace spanwire::capture {

// The ledger stage "decode" (unit events): what came off the ring or a recording, and what was
// refused. Ticks are not events: user space makes them.
class EventStage {
 public:
  explicit EventStage(Ledger& ledger)
      : stage_(ledger.AddStage("decode", "events")),
        bad_size_(stage_.Drop("bad_size")),
        bad_type_(stage_.Drop("bad_type")),
        bad_field_(stage_.Drop("bad_field")) {}

  void Count(uint16_t type, Decoded decoded) {
    if (type == SPANWIRE_RECORD_TICK && decoded == Decoded::kDelivered) return;
    stage_.in.Add();
    switch (decoded) {
      case Decoded::kDelivered:
      case Decoded::kProcess: return stage_.out.Add();
      case Decoded::kBadSize: return bad_size_.Add();
      case Decoded::kBadType: return bad_type_.Add();
      case Decoded::kBadField: return bad_field_.Add();
    }
  }

 private:
  Stage& stage_;
  Counter& bad_size_;
  Counter& bad_type_;
  Counter& bad_field_;
};

}  // namespace spanwire::capture
