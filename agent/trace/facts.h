// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "agent/model/attribute.h"

namespace spanwire::trace {

// What a parser says about a request that is not an attribute itself, or not at both ends. Keys
// that begin with '~' never leave the agent. Views live as long as the message's attributes.
struct RequestFacts {
  std::string_view host;             // "~host": host[:port] of the target or of the Host header
  std::string_view absolute;         // "~absolute": scheme of an absolute-form target
  std::string_view forwarded_for;    // "~forwarded_for": the first client
  std::string_view forwarded_proto;  // "~forwarded_proto"
  std::string_view forwarded_host;   // "~forwarded_host"
  std::string_view scheme;           // url.scheme
  std::string_view path;             // url.path
  std::string_view query;            // url.query
};

// True when `key` was a fact: the builder then decides whether it becomes an attribute.
bool TakeFact(const model::AttributeList::View& attribute, RequestFacts& facts);

// "example.com:8080", "[::1]:80", "example.com".
struct Authority {
  std::string_view host;  // without brackets
  std::optional<int64_t> port;
};
Authority ParseAuthority(std::string_view text);

}  // namespace spanwire::trace
