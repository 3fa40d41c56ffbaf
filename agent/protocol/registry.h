// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "agent/protocol/parser.h"

namespace spanwire::protocol {

// Every protocol that is built in, in the order in which detection asks them.
std::span<const ProtocolSpec> Registry();

}  // namespace spanwire::protocol
