// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "agent/protocol/parser.h"

// HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112).
namespace spanwire::protocol::http1 {

Match Detect(std::string_view bytes);
std::unique_ptr<ProtocolParser> MakeParser(const ParserOptions& options);

inline constexpr ProtocolSpec kSpec = {.name = "http", .detect = Detect, .make = MakeParser};

}  // namespace spanwire::protocol::http1
