// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "agent/base/time.h"
#include "agent/model/attribute.h"

namespace spanwire::model {

// Identity of one socket for the lifetime of the agent: its cookie, or what stands for it
// (bpf/README).
using ConnectionId = uint64_t;

enum class Direction : uint8_t { kTransmit = 0, kReceive = 1 };
constexpr Direction Opposite(Direction direction) {
  return direction == Direction::kTransmit ? Direction::kReceive : Direction::kTransmit;
}

enum class Role : uint8_t { kUnknown = 0, kClient = 1, kServer = 2 };  // who opened, seen from here

enum class Transport : uint8_t { kTcp, kUdp, kUnix };

// One end of a connection. IPv4 addresses use the first four bytes, network order.
struct Endpoint {
  std::array<uint8_t, 16> address{};
  uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

// What is known about a connection, as one end sees it.
struct Connection {
  ConnectionId id = 0;
  Transport transport = Transport::kTcp;
  bool ipv6 = false;  // TCP, UDP: addresses are 16 bytes
  Role role = Role::kUnknown;
  bool joined = false;  // older than the agent
  bool self = false;    // the agent's own
  Endpoint local;
  Endpoint remote;
  std::string path;  // UNIX: the listener's path, '@' first when abstract; may be empty
  uint64_t inode = 0;
  uint64_t peer_inode = 0;  // UNIX; 0 = unknown
  uint32_t netns = 0;       // inode of the network namespace
  Nanoseconds opened_ns = 0;
  std::string local_text;  // the addresses as text, made by the connection room; empty for UNIX
  std::string remote_text;
  // NetworkAttributes(), made by the connection room with the first request; null before.
  std::shared_ptr<const AttributeList> network;
};

// The attributes of `network.*` that all spans at this end of a connection have. `is_client`: this
// end sends the requests. Requires the addresses as text.
AttributeList NetworkAttributes(const Connection& connection, bool is_client);

// "192.0.2.1", "2001:db8::1", or for IPv4-mapped addresses the IPv4 form.
std::string FormatAddress(const Endpoint& endpoint, bool ipv6);

}  // namespace spanwire::model
