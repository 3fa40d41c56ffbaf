// SPDX-License-Identifier: Apache-2.0
#include "agent/model/connection.h"

#include <arpa/inet.h>

#include <algorithm>

namespace spanwire::model {

std::string FormatAddress(const Endpoint& endpoint, bool ipv6) {
  static constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const auto* bytes = endpoint.address.data();
  const bool mapped = ipv6 && std::equal(kMapped.begin(), kMapped.end(), bytes);
  if (mapped) bytes += kMapped.size();
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(ipv6 && !mapped ? AF_INET6 : AF_INET, bytes, text.data(), text.size());
  return text.data();
}

}  // namespace spanwire::model
