// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/stages.h"

namespace spanwire::connection {

ConnectionStages AddConnectionStages(Ledger& ledger) {
  ConnectionStages stages;
  stages.connection = &ledger.AddStage("connection", "events");
  stages.stream = &ledger.AddStage("stream", "bytes");
  stages.pairing = &ledger.AddStage("pairing", "messages");
  stages.exchange = &ledger.AddStage("exchange", "exchanges");
  return stages;
}

}  // namespace spanwire::connection
