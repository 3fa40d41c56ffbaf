// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "agent/protocol/parser.h"

namespace spanwire::protocol::postgresql {

// Whether a turn that begins with `bytes` begins with typed messages of the client, or of the
// server. Every message that is there as a whole must be right in all its parts; several types
// belong to both sides, and their parts tell whose they are. kNeedMore: it may still be.
Match MatchMessages(std::string_view bytes);

}  // namespace spanwire::protocol::postgresql
