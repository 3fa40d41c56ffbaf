// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/facts.h"

#include <charconv>

#include "agent/model/conventions.h"

namespace spanwire::trace {
namespace {

namespace key = model::key;

constexpr int64_t kMaxPort = 65'535;

bool TakePrivate(const model::AttributeList::View& attribute, RequestFacts& facts) {
  const std::string_view name = attribute.key.substr(1);
  if (name == "host") {
    facts.host = attribute.text;
  } else if (name == "absolute") {
    facts.absolute = attribute.text;
  } else if (name == "forwarded_for") {
    facts.forwarded_for = attribute.text;
  } else if (name == "forwarded_proto") {
    facts.forwarded_proto = attribute.text;
  } else if (name == "forwarded_host") {
    facts.forwarded_host = attribute.text;
  }
  return true;
}

std::optional<int64_t> ParsePort(std::string_view text) {
  int64_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (port < 1 || port > kMaxPort) return std::nullopt;
  return port;
}

// "[2001:db8::1]:80".
Authority ParseBracketed(std::string_view text) {
  const size_t close = text.find(']');
  if (close == std::string_view::npos) return {.host = text, .port = std::nullopt};
  Authority authority{.host = text.substr(1, close - 1), .port = std::nullopt};
  text.remove_prefix(close + 1);
  if (text.starts_with(':')) authority.port = ParsePort(text.substr(1));
  return authority;
}

}  // namespace

bool TakeFact(const model::AttributeList::View& attribute, RequestFacts& facts) {
  if (attribute.key.starts_with('~')) return TakePrivate(attribute, facts);
  if (!attribute.key.starts_with("url.")) return false;
  if (attribute.key == key::kUrlPath) {
    facts.path = attribute.text;
  } else if (attribute.key == key::kUrlQuery) {
    facts.query = attribute.text;
  } else if (attribute.key == key::kUrlScheme) {
    facts.scheme = attribute.text;
  } else {
    return false;
  }
  return true;
}

Authority ParseAuthority(std::string_view text) {
  constexpr size_t kNone = std::string_view::npos;
  size_t colon = kNone;
  size_t colons = 0;
  // From the back: what stands before an '@' is user information.
  for (size_t i = text.size(); i > 0; --i) {
    const char c = text[i - 1];
    if (c == '@') {
      text.remove_prefix(i);
      if (colon != kNone) colon -= i;
      break;
    }
    if (c != ':') continue;
    if (colons++ == 0) colon = i - 1;
  }
  if (text.starts_with('[')) return ParseBracketed(text);
  // More than one colon without brackets is an IPv6 address.
  if (colons != 1) return {.host = text, .port = std::nullopt};
  return {.host = text.substr(0, colon), .port = ParsePort(text.substr(colon + 1))};
}

}  // namespace spanwire::trace
