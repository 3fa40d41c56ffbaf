// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "agent/protocol/parser.h"

// The protocol of Redis and of what speaks it too (Valkey, KeyDB, Dragonfly, …): RESP2 and RESP3
// (https://redis.io/docs/latest/develop/reference/protocol-spec/), and inline commands.
namespace spanwire::protocol::redis {

Match Detect(std::string_view bytes);
std::unique_ptr<ProtocolParser> MakeParser(const ParserOptions& options);

inline constexpr ProtocolSpec kSpec = {.name = "redis", .detect = Detect, .make = MakeParser};

}  // namespace spanwire::protocol::redis
