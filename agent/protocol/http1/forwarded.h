// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace spanwire::protocol::http1 {

// What the first hop of a proxy chain said about the request it got. Views into the fields; empty
// where unknown. `client` is an address or name without brackets and port.
struct ForwardedHop {
  std::string_view client;
  std::string_view proto;
  std::string_view host;
};

// The first element of a `Forwarded` field (RFC 7239 §4). Quoted strings with escapes are given up:
// no legal value needs them.
ForwardedHop ParseForwarded(std::string_view value);

// The first element of a comma-separated `X-Forwarded-*` list.
std::string_view FirstElement(std::string_view list);

// "192.0.2.1:80", "[2001:db8::1]:80", "[2001:db8::1]", "2001:db8::1", "name" without port and
// brackets. Empty for "unknown".
std::string_view WithoutPort(std::string_view node);

}  // namespace spanwire::protocol::http1
