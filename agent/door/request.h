// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "spanwire/door.h"

namespace spanwire::door {

// A message that says all by its type: CONFINED, READY, SWEEP, DONE, COUNTED.
struct Notice {
  spanwire_door_type type = SPANWIRE_DOOR_NONE;
};

// STAGE: a stage of the worker's loss ledger, and where its counters lie in the shared memory.
struct StageLayout {
  std::string name;
  std::string unit;
  uint32_t in = 0;
  uint32_t out = 0;
  uint32_t held = 0;
  std::vector<std::pair<std::string, uint32_t>> reasons;
};

// POLICY: what shall be captured of connections.
struct PolicyRequest {
  std::vector<spanwire_door_policy> policies;
};

// DESCRIBE. The record itself is not looked at here: capture's decoder does that.
struct DescribeRequest {
  uint64_t question = 0;
  spanwire_process process{};
};

// LINKS: how the parents of one process's spans were found.
struct LinkCounts {
  uint32_t place = 0;
  uint32_t pid = 0;
  uint64_t disagreements = 0;  // of all processes
  std::string service;         // any bytes
  std::vector<std::pair<std::string, uint64_t>> spans;
};

using Request = std::variant<Notice, StageLayout, PolicyRequest, DescribeRequest, LinkCounts>;

// A message of the worker; nothing when it breaks a rule of include/spanwire/door.h. Pure; the
// bytes may be anything.
std::optional<Request> ParseRequest(std::span<const std::byte> message);

// The other direction, for the worker. What does not fit (more than SPANWIRE_DOOR_REASONS, a name
// too long or of other letters) gives nothing.
std::optional<spanwire_door_stage> MakeStage(const StageLayout& layout);
// What does not fit is left out.
spanwire_door_links MakeLinks(const LinkCounts& counts);

// The message's bytes, as they are sent.
template <typename Message>
std::span<const std::byte> BytesOf(const Message& message) {
  return std::as_bytes(std::span(&message, 1)).first(message.header.size);
}

template <typename Message>
spanwire_door_plain HeaderOf(spanwire_door_type type) {
  return {static_cast<uint16_t>(type), 0, sizeof(Message)};
}

}  // namespace spanwire::door
