// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/registry.h"

#include <array>

#include "agent/protocol/http1/http1.h"
#include "agent/protocol/postgresql/postgresql.h"
#include "agent/protocol/redis/redis.h"

namespace spanwire::protocol {

std::span<const ProtocolSpec> Registry() {
  static constexpr std::array<ProtocolSpec, 3> kProtocols = {http1::kSpec, postgresql::kSpec,
                                                             redis::kSpec};
  return kProtocols;
}

}  // namespace spanwire::protocol
