// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/forwarded.h"

#include "agent/protocol/http1/chars.h"

namespace spanwire::protocol::http1 {
namespace {

// Position of the first of `stops` outside quotes; npos when there is none.
size_t FindUnquoted(std::string_view text, std::string_view stops) {
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (!quoted && stops.find(text[i]) != std::string_view::npos) return i;
  }
  return std::string_view::npos;
}

std::string_view Unquote(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return value;
  value = value.substr(1, value.size() - 2);
  return value.find('\\') == std::string_view::npos ? value : std::string_view();
}

void SetPair(std::string_view pair, ForwardedHop& hop) {
  const size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return;
  const std::string_view name = TrimBlank(pair.substr(0, equals));
  const std::string_view value = Unquote(TrimBlank(pair.substr(equals + 1)));
  if (EqualsLower(name, "for")) hop.client = WithoutPort(value);
  if (EqualsLower(name, "proto")) hop.proto = value;
  if (EqualsLower(name, "host")) hop.host = value;
}

}  // namespace

ForwardedHop ParseForwarded(std::string_view value) {
  ForwardedHop hop;
  std::string_view rest = value.substr(0, FindUnquoted(value, ","));
  while (!rest.empty()) {
    const size_t end = FindUnquoted(rest, ";");
    SetPair(rest.substr(0, end), hop);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return hop;
}

std::string_view FirstElement(std::string_view list) {
  return TrimBlank(list.substr(0, list.find(',')));
}

std::string_view WithoutPort(std::string_view node) {
  if (EqualsLower(node, "unknown")) return {};
  if (!node.empty() && node.front() == '[') {
    const size_t end = node.find(']');
    return end == std::string_view::npos ? std::string_view() : node.substr(1, end - 1);
  }
  const size_t colon = node.find(':');
  const bool one_colon =
      colon != std::string_view::npos && node.find(':', colon + 1) == std::string_view::npos;
  return one_colon ? node.substr(0, colon) : node;
}

}  // namespace spanwire::protocol::http1
