// SPDX-License-Identifier: Apache-2.0
#include "agent/model/connection.h"

#include <arpa/inet.h>

#include <algorithm>

#include "agent/model/conventions.h"

namespace spanwire::model {
namespace {

std::string_view TransportName(Transport transport) {
  switch (transport) {
    case Transport::kTcp: return "tcp";
    case Transport::kUdp: return "udp";
    case Transport::kUnix: return "unix";
  }
  return "";
}

}  // namespace

AttributeList NetworkAttributes(const Connection& connection, bool is_client) {
  AttributeList attributes;
  attributes.Add(key::kNetworkTransport, TransportName(connection.transport));
  if (connection.transport == Transport::kUnix) {
    if (connection.path.empty()) return attributes;
    attributes.Add(is_client ? key::kNetworkPeerAddress : key::kNetworkLocalAddress,
                   connection.path);
    return attributes;
  }
  const bool ipv6 = connection.remote_text.find(':') != std::string::npos;
  attributes.Add(key::kNetworkType, ipv6 ? "ipv6" : "ipv4");
  attributes.Add(key::kNetworkLocalAddress, connection.local_text);
  attributes.AddInt(key::kNetworkLocalPort, connection.local.port);
  attributes.Add(key::kNetworkPeerAddress, connection.remote_text);
  attributes.AddInt(key::kNetworkPeerPort, connection.remote.port);
  return attributes;
}

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
