// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/span_builder.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "agent/model/conventions.h"
#include "agent/trace/outcome.h"

namespace spanwire::trace {
namespace {

namespace key = model::key;
using model::AttributeList;
using model::Transport;

constexpr int64_t kHttpPort = 80;
constexpr int64_t kHttpsPort = 443;

int64_t DefaultPort(std::string_view scheme) { return scheme == "https" ? kHttpsPort : kHttpPort; }

void AddText(std::string_view name, std::string_view value, AttributeList& attributes) {
  if (!value.empty()) attributes.Add(name, value);
}

void AddNetwork(const model::Exchange& exchange, AttributeList& attributes) {
  const model::Connection& connection = *exchange.connection;
  attributes.SetBase(connection.network ? connection.network
                                        : std::make_shared<const AttributeList>(
                                              NetworkAttributes(connection, exchange.is_client)));
  if (exchange.protocol != "http") attributes.Add(key::kNetworkProtocolName, exchange.protocol);
}

void AddTimings(const model::Exchange& exchange, AttributeList& attributes) {
  const auto& request = exchange.request_at;
  if (exchange.has_response && exchange.response_at.first_ns >= request.first_ns) {
    attributes.AddInt(key::kTimeToFirstByte,
                      static_cast<int64_t>(exchange.response_at.first_ns - request.first_ns));
  }
  if (!exchange.is_client && request.wait_ns > 0) {
    attributes.AddInt(key::kReadWait, static_cast<int64_t>(request.wait_ns));
  }
  if (request.who.tid != 0) attributes.AddInt(key::kThreadId, request.who.tid);
  if (exchange.connection->joined) attributes.SetBool(key::kJoined, true);
}

// A client's span ends with the last byte read, a server's with the last byte written.
Nanoseconds EndOf(const model::Exchange& exchange) {
  const bool answered = exchange.ending == model::Ending::kAnswered && exchange.has_response;
  const Nanoseconds end = answered ? exchange.response_at.last_ns : exchange.ended_ns;
  return std::max(end, exchange.request_at.first_ns);
}

}  // namespace

void SpanBuilder::Fill(model::Exchange& exchange, const ClockAnchor& anchor, model::Span& span) {
  AttributeList& attributes = span.attributes;
  span.kind = exchange.is_client ? model::SpanKind::kClient : model::SpanKind::kServer;
  span.start_unix_ns = anchor.ToWall(exchange.request_at.first_ns);
  span.end_unix_ns = anchor.ToWall(EndOf(exchange));
  std::swap(span.name, exchange.request.name);
  if (span.name.empty()) span.name.assign(exchange.response.name);
  if (span.name.empty()) span.name.assign(exchange.protocol);
  span.process = std::move(exchange.process);
  const SpanOutcome outcome = OutcomeOf(exchange);
  span.status = outcome.status;
  span.status_message.assign(outcome.message);
  AddMessages(exchange, attributes);
  if (exchange.is_client) {
    AddClient(exchange, attributes);
  } else {
    AddServer(exchange, attributes);
  }
  AddNetwork(exchange, attributes);
  AddTimings(exchange, attributes);
  if (!outcome.error_type.empty()) attributes.Set(key::kErrorType, outcome.error_type);
  AddText(key::kEnding, outcome.ending, attributes);
  if (exchange.interim_ns != 0) {
    span.events.push_back(
        {.name = "interim_response", .time_unix_ns = anchor.ToWall(exchange.interim_ns)});
  }
}

// What the parsers said of both messages, less the facts.
void SpanBuilder::AddMessages(const model::Exchange& exchange, AttributeList& attributes) {
  facts_ = {};
  const AttributeList& request = exchange.request.attributes;
  for (size_t i = 0; i < request.size(); ++i) {
    if (!TakeFact(request.at(i), facts_)) attributes.AddFrom(request, i);
  }
  if (!exchange.has_response) return;
  const AttributeList& response = exchange.response.attributes;
  for (size_t i = 0; i < response.size(); ++i) {
    const std::string_view name = response.at(i).key;
    // Both may name what holds for both, such as the protocol's version: the request's stands.
    if (!name.starts_with('~') && !request.Has(name)) attributes.AddFrom(response, i);
  }
}

void SpanBuilder::AddClient(const model::Exchange& exchange, AttributeList& attributes) {
  const model::Connection& connection = *exchange.connection;
  const std::string_view scheme = !facts_.absolute.empty() ? facts_.absolute : facts_.scheme;
  const Authority authority = ParseAuthority(facts_.host);
  if (!authority.host.empty()) {
    attributes.Add(key::kServerAddress, authority.host);
    attributes.AddInt(key::kServerPort, authority.port.value_or(DefaultPort(scheme)));
  } else if (connection.transport == Transport::kUnix) {
    AddText(key::kServerAddress, connection.path, attributes);
  } else {
    attributes.Add(key::kServerAddress, connection.remote_text);
    attributes.AddInt(key::kServerPort, connection.remote.port);
  }
  if (!scheme.empty()) AddUrlFull(scheme, exchange, attributes);
}

void SpanBuilder::AddUrlFull(std::string_view scheme, const model::Exchange& exchange,
                             AttributeList& attributes) {
  const model::Connection& connection = *exchange.connection;
  url_.assign(scheme);
  url_ += "://";
  if (!facts_.host.empty()) {
    url_ += facts_.host;
  } else if (connection.transport == Transport::kUnix) {
    url_ += "localhost";
  } else {
    const bool ipv6 = connection.remote_text.find(':') != std::string::npos;
    url_ += ipv6 ? "[" + connection.remote_text + "]" : connection.remote_text;
    if (connection.remote.port != DefaultPort(scheme)) {
      url_ += ':';
      url_ += std::to_string(connection.remote.port);
    }
  }
  // The target "*" stands for the server itself (RFC 9112, 3.2.4).
  if (facts_.path != "*") url_ += facts_.path;
  if (!facts_.query.empty()) {
    url_ += '?';
    url_ += facts_.query;
  }
  attributes.Add(key::kUrlFull, url_);
}

// A server is named by what its client asked for, never by its socket.
void SpanBuilder::AddServer(const model::Exchange& exchange, AttributeList& attributes) const {
  const model::Connection& connection = *exchange.connection;
  const std::string_view scheme =
      !facts_.forwarded_proto.empty() ? facts_.forwarded_proto : facts_.scheme;
  AddText(key::kUrlScheme, scheme, attributes);
  AddText(key::kUrlPath, facts_.path, attributes);
  AddText(key::kUrlQuery, facts_.query, attributes);
  const Authority authority =
      ParseAuthority(facts_.forwarded_host.empty() ? facts_.host : facts_.forwarded_host);
  if (!authority.host.empty()) {
    attributes.Add(key::kServerAddress, authority.host);
    attributes.AddInt(key::kServerPort, authority.port.value_or(DefaultPort(scheme)));
  }
  if (!facts_.forwarded_for.empty()) {
    attributes.Add(key::kClientAddress, facts_.forwarded_for);
  } else if (connection.transport != Transport::kUnix) {
    attributes.Add(key::kClientAddress, connection.remote_text);
    attributes.AddInt(key::kClientPort, connection.remote.port);
  }
}

}  // namespace spanwire::trace
