// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "agent/exporter/otlp_transport.h"

namespace spanwire::exporter {

// What an answer means for the batch it answers.
struct OtlpVerdict {
  enum class Kind {
    kDelivered,  // but for `rejected` spans
    kRetry,
    kRefused,  // trying again would not help
  };
  Kind kind = Kind::kDelivered;
  uint64_t rejected = 0;
  // kRetry: how long the server asks to wait.
  std::optional<std::chrono::milliseconds> wait{};
  // For the log; fit to be shown. May be set with kDelivered too: a warning of the server.
  std::string message{};
};

// Reads `reply` as OTLP 1.11 wants it. `now_unix_s` turns a date of Retry-After into a wait.
OtlpVerdict JudgeReply(OtlpProtocol protocol, const TransportReply& reply, int64_t now_unix_s);

}  // namespace spanwire::exporter
