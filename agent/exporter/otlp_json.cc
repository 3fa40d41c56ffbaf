// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "agent/exporter/json_text.h"
#include "agent/exporter/otlp_encoder.h"
#include "agent/model/conventions.h"

namespace spanwire::exporter {
namespace {

using model::AttributeList;

void AppendHex(std::string& out, std::span<const uint8_t> bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  for (const uint8_t byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 0xf];
  }
}

void AppendValue(std::string& out, const AttributeList::View& view) {
  switch (view.type) {
    case AttributeList::Type::kString:
      out += "{\"stringValue\":";
      AppendJsonString(out, view.text);
      break;
    case AttributeList::Type::kInt:
      out += "{\"intValue\":\"";
      AppendInteger(out, view.integer);
      out += '"';
      break;
    case AttributeList::Type::kDouble:
      out += "{\"doubleValue\":";
      AppendJsonDouble(out, view.number);
      break;
    case AttributeList::Type::kBool:
      out += view.integer != 0 ? "{\"boolValue\":true" : "{\"boolValue\":false";
      break;
  }
  out += '}';
}

void AppendAttributes(std::string& out, const AttributeList& attributes) {
  out += "\"attributes\":[";
  for (size_t i = 0; i < attributes.size(); ++i) {
    const AttributeList::View view = attributes.at(i);
    out += i == 0 ? "{\"key\":" : ",{\"key\":";
    AppendJsonString(out, view.key);
    out += ",\"value\":";
    AppendValue(out, view);
    out += '}';
  }
  out += ']';
}

void AppendIdentity(std::string& out, const model::Span& span) {
  out += "{\"traceId\":\"";
  AppendHex(out, span.trace_id);
  out += "\",\"spanId\":\"";
  AppendHex(out, span.span_id);
  out += '"';
  if (!span.trace_state.empty()) {
    out += ",\"traceState\":";
    AppendJsonString(out, span.trace_state);
  }
  if (!model::IsZero(span.parent_span_id)) {
    out += ",\"parentSpanId\":\"";
    AppendHex(out, span.parent_span_id);
    out += '"';
  }
}

void AppendEvents(std::string& out, const std::vector<model::SpanEvent>& events) {
  if (events.empty()) return;
  out += ",\"events\":[";
  for (const model::SpanEvent& event : events) {
    if (out.back() != '[') out += ',';
    out += "{\"timeUnixNano\":\"";
    AppendUnsigned(out, event.time_unix_ns);
    out += "\",\"name\":";
    AppendJsonString(out, event.name);
    out += '}';
  }
  out += ']';
}

void AppendLinks(std::string& out, const std::vector<model::SpanLink>& links) {
  if (links.empty()) return;
  out += ",\"links\":[";
  for (const model::SpanLink& link : links) {
    if (out.back() != '[') out += ',';
    out += "{\"traceId\":\"";
    AppendHex(out, link.trace_id);
    out += "\",\"spanId\":\"";
    AppendHex(out, link.span_id);
    out += "\",\"flags\":";
    AppendUnsigned(out, kLinkFlags);
    out += '}';
  }
  out += ']';
}

void AppendStatus(std::string& out, const model::Span& span) {
  out += ",\"status\":{";
  if (!span.status_message.empty()) {
    out += "\"message\":";
    AppendJsonString(out, span.status_message);
  }
  if (span.status != model::StatusCode::kUnset) {
    out += out.back() == '{' ? "\"code\":" : ",\"code\":";
    AppendUnsigned(out, static_cast<uint64_t>(span.status));
  }
  out += '}';
}

class JsonEncoding final : public OtlpEncoding {
 public:
  JsonEncoding(AgentIdentity agent, OtlpFraming framing)
      : agent_(std::move(agent)), end_(framing == OtlpFraming::kFile ? "]}\n" : "]}") {
    tail_ = "],\"schemaUrl\":";
    AppendJsonString(tail_, model::key::kSchemaUrl);
    tail_ += "}],\"schemaUrl\":";
    AppendJsonString(tail_, model::key::kSchemaUrl);
    tail_ += '}';
    head_ = ",\"scopeSpans\":[{\"scope\":{\"name\":";
    AppendJsonString(head_, kScopeName);
    head_ += ",\"version\":";
    AppendJsonString(head_, agent_.version);
    head_ += "},\"spans\":[";
  }

  std::string EncodeResource(const model::Process& process) override {
    std::string out = "{\"resource\":{";
    AppendAttributes(out, ResourceAttributes(process, agent_));
    return out += '}';
  }

  void AppendSpan(const model::Span& span, std::string& out) override {
    if (!out.empty()) out += ',';
    AppendIdentity(out, span);
    out += ",\"name\":";
    AppendJsonString(out, span.name);
    out += ",\"kind\":";
    AppendUnsigned(out, static_cast<uint64_t>(span.kind));
    out += ",\"startTimeUnixNano\":\"";
    AppendUnsigned(out, span.start_unix_ns);
    out += "\",\"endTimeUnixNano\":\"";
    AppendUnsigned(out, span.end_unix_ns);
    out += "\",";
    AppendAttributes(out, span.attributes);
    AppendEvents(out, span.events);
    AppendLinks(out, span.links);
    AppendStatus(out, span);
    out += ",\"flags\":";
    AppendUnsigned(out, OtlpFlags(span));
    out += '}';
  }

  void Assemble(std::span<const EncodedResource> resources, std::string& message) override {
    message += "{\"resourceSpans\":[";
    for (const EncodedResource& resource : resources) {
      if (message.back() != '[') message += ',';
      message += resource.resource;
      message += head_;
      message += resource.spans;
      message += tail_;
    }
    message += end_;
  }

 private:
  AgentIdentity agent_;
  std::string_view end_;  // of a message
  std::string head_;      // between the resource and its spans
  std::string tail_;      // after them
};

}  // namespace

std::unique_ptr<OtlpEncoding> MakeJsonEncoding(const AgentIdentity& agent, OtlpFraming framing) {
  return std::make_unique<JsonEncoding>(agent, framing);
}

}  // namespace spanwire::exporter
