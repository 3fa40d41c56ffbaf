// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "agent/protocol/parser.h"

// The PostgreSQL frontend/backend protocol 3.0 and 3.2 (manual, chapter "Frontend/Backend
// Protocol").
namespace spanwire::protocol::postgresql {

Match Detect(std::string_view bytes);
std::unique_ptr<ProtocolParser> MakeParser(const ParserOptions& options);

inline constexpr ProtocolSpec kSpec = {
    .name = "postgresql", .detect = Detect, .make = MakeParser, .framed_by_content = true};

}  // namespace spanwire::protocol::postgresql
