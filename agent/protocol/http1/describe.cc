// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/describe.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "agent/base/hash.h"
#include "agent/model/conventions.h"
#include "agent/protocol/http1/forwarded.h"
#include "agent/protocol/http1/text.h"
#include "agent/protocol/http1/trace_context.h"
#include "agent/protocol/http1/url.h"

namespace spanwire::protocol::http1 {
namespace {

namespace key = model::key;
namespace fact = model::fact;

constexpr size_t kMaxMethod = 64;
constexpr size_t kMaxPath = 2048;
constexpr size_t kMaxQuery = 2048;
constexpr size_t kMaxUserAgent = 512;
constexpr size_t kMaxHost = 512;  // a DNS name has at most 253 characters
constexpr size_t kMaxScheme = 32;

// The methods that the semantic conventions know; they are case-sensitive.
bool IsKnownMethod(std::string_view method) {
  static constexpr std::array<std::string_view, 10> kMethods = {
      "GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE", "QUERY"};
  return std::ranges::find(kMethods, method) != kMethods.end();
}

std::string_view VersionText(int minor) {
  static constexpr std::array<std::string_view, 10> kVersions = {"1.0", "1.1", "1.2", "1.3", "1.4",
                                                                 "1.5", "1.6", "1.7", "1.8", "1.9"};
  return kVersions[static_cast<size_t>(minor) % kVersions.size()];
}

}  // namespace

void Describer::Request(const RequestLine& line, const Fields& fields, model::Message& message) {
  message.kind = model::MessageKind::kRequest;
  const bool known = IsKnownMethod(line.method);
  message.name.assign(known ? line.method : "HTTP");
  message.attributes.Add(key::kHttpRequestMethod, known ? line.method : "_OTHER");
  if (!known) AddText(message, key::kHttpRequestMethodOriginal, line.method, kMaxMethod);
  AddUrl(fields.host, line, message);
  message.attributes.Add(key::kNetworkProtocolVersion, VersionText(line.minor_version));
  AddText(message, key::kUserAgentOriginal, fields.user_agent, kMaxUserAgent);
  AddForwarded(fields, message);
  AddTraceContext(fields, message);
}

void Describer::AddTraceContext(const Fields& fields, model::Message& message) {
  const std::string_view id = fields.propagation.request_id;
  if (!id.empty()) message.request_id = HashBytes(id, 0).low | 1;
  if (!fields.trace_parent.empty() && !fields.trace_parent_repeated) {
    ParseTraceParent(fields.trace_parent, message.context);
  }
  if (!message.context.valid) {
    ParsePropagation(fields.propagation, message.context);
  } else if (!fields.trace_state.empty()) {
    ParseTraceState(fields.trace_state, message.context);
  }
}

void Describer::Response(const StatusLine& line, model::Message& message) {
  const bool interim = line.code < 200 && line.code != 101;
  message.kind = interim ? model::MessageKind::kInterim : model::MessageKind::kResponse;
  message.attributes.AddInt(key::kHttpResponseStatusCode, line.code);
  if (line.code < 400) return;
  message.client_outcome = model::Outcome::kError;
  if (line.code >= 500) message.server_outcome = model::Outcome::kError;
  std::array<char, 4> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), line.code).ptr;
  message.error_type.assign(digits.data(), end);
}

void Describer::AddText(model::Message& message, std::string_view key, std::string_view value,
                        size_t limit_bytes) {
  if (value.empty()) return;
  message.attributes.Add(key, CleanText(value, limit_bytes, cleaned_));
}

void Describer::AddUrl(std::string_view host_field, const RequestLine& line,
                       model::Message& message) {
  const Target target = SplitTarget(line.method, line.target);
  AddText(message, key::kUrlPath, RedactPath(target.path, redacted_), kMaxPath);
  AddText(message, key::kUrlQuery, RedactQuery(target.query, redacted_), kMaxQuery);
  if (target.scheme.empty()) {
    message.attributes.Add(key::kUrlScheme, "http");
  } else {
    AddText(message, key::kUrlScheme, target.scheme, kMaxScheme);
    AddText(message, fact::kAbsolute, target.scheme, kMaxScheme);
  }
  if (target.user_info) message.attributes.Add(fact::kUserInfo, "REDACTED:REDACTED");
  // The target overrules the field (RFC 9112 §3.2.2).
  const std::string_view host = target.authority.empty() ? host_field : target.authority;
  AddText(message, fact::kHost, WithoutUserInfo(host), kMaxHost);
}

void Describer::AddForwarded(const Fields& fields, model::Message& message) {
  ForwardedHop hop;
  if (!fields.forwarded.empty()) hop = ParseForwarded(fields.forwarded);
  if (hop.client.empty()) hop.client = WithoutPort(FirstElement(fields.forwarded_for));
  if (hop.proto.empty()) hop.proto = FirstElement(fields.forwarded_proto);
  if (hop.host.empty()) hop.host = FirstElement(fields.forwarded_host);
  AddText(message, fact::kForwardedFor, hop.client, kMaxHost);
  AddText(message, fact::kForwardedProto, hop.proto, kMaxScheme);
  AddText(message, fact::kForwardedHost, WithoutUserInfo(hop.host), kMaxHost);
}

}  // namespace spanwire::protocol::http1
