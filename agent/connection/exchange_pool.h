// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "agent/model/message.h"

namespace spanwire::connection {

// An exchange that has not ended.
struct OpenExchange {
  model::Exchange exchange;
  uint32_t messages = 0;  // of it, for the ledger
  uint32_t turn = 0;      // in which the request began

  void Clear() {
    exchange.process.reset();
    exchange.request.Clear();
    exchange.response.Clear();
    exchange.request_at = {};
    exchange.response_at = {};
    exchange.has_response = false;
    exchange.interim_ns = 0;
    exchange.ending = model::Ending::kAnswered;
    exchange.ended_ns = 0;
    exchange.error = 0;
    messages = 0;
  }
};

// Recycles exchanges, so that their texts keep their memory.
class ExchangePool {
 public:
  std::unique_ptr<OpenExchange> Take() {
    if (free_.empty()) return std::make_unique<OpenExchange>();
    auto taken = std::move(free_.back());
    free_.pop_back();
    return taken;
  }

  void Give(std::unique_ptr<OpenExchange> exchange) {
    if (free_.size() >= kKeep) return;
    exchange->Clear();
    free_.push_back(std::move(exchange));
  }

 private:
  static constexpr size_t kKeep = 256;
  std::vector<std::unique_ptr<OpenExchange>> free_;
};

}  // namespace spanwire::connection
