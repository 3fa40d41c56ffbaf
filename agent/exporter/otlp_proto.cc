// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstring>
#include <utility>

#include "agent/base/utf8.h"
#include "agent/exporter/otlp_encoder.h"
#include "agent/exporter/proto_attributes.h"
#include "agent/exporter/proto_writer.h"
#include "agent/model/conventions.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace spanwire::exporter {
namespace {

namespace otlp = opentelemetry::proto::trace::v1;
using model::AttributeList;
using proto::BytesSize;
using proto::FieldWriter;
using proto::TagSize;
using proto::TextSize;

// --- spans --------------------------------------------------------------------------------------

constexpr size_t kTraceIdSize = 2 + std::tuple_size_v<model::TraceId>;
constexpr size_t kSpanIdSize = 2 + std::tuple_size_v<model::SpanId>;
constexpr size_t kTimeSize = 1 + sizeof(uint64_t);
constexpr size_t kKindSize = 2;
constexpr size_t kFlagsSize = 2 + sizeof(uint32_t);
// Fields that every span has.
constexpr size_t kFixedSize = kTraceIdSize + kSpanIdSize + kKindSize + 2 * kTimeSize + kFlagsSize;

// At least what a span takes besides its texts, events and attributes: the fields of fixed size,
// the status code, and the tags and lengths of the span, its three texts and its status.
constexpr size_t kSpanOverhead = kFixedSize + kSpanIdSize + 2 + 5 * (1 + 5);

size_t EventSize(const model::SpanEvent& event) {
  return kTimeSize + TextSize(otlp::Span_Event::kNameFieldNumber, event.name);
}

constexpr size_t kLinkSize = kTraceIdSize + kSpanIdSize + 1 + sizeof(uint32_t);
constexpr size_t kLinkFieldSize = 2 + kLinkSize;

size_t EventsSize(const model::Span& span) {
  size_t size = 0;
  for (const model::SpanEvent& event : span.events) {
    size += BytesSize(otlp::Span::kEventsFieldNumber, EventSize(event));
  }
  return size;
}

template <typename Id>
std::string_view IdBytes(const Id& id) {
  return {reinterpret_cast<const char*>(id.data()), id.size()};  // NOLINT: bytes as text
}

// What a span says, valid.
struct SpanTexts {
  std::string_view name;
  std::string_view trace_state;
  std::string_view status_message;
  std::string_view base;  // of the attributes, encoded
};

FieldWriter WriteIdentity(const model::Span& span, const SpanTexts& texts, FieldWriter writer) {
  writer.Bytes(otlp::Span::kTraceIdFieldNumber, IdBytes(span.trace_id));
  writer.Bytes(otlp::Span::kSpanIdFieldNumber, IdBytes(span.span_id));
  writer.Text(otlp::Span::kTraceStateFieldNumber, texts.trace_state);
  if (!model::IsZero(span.parent_span_id)) {
    writer.Bytes(otlp::Span::kParentSpanIdFieldNumber, IdBytes(span.parent_span_id));
  }
  writer.Text(otlp::Span::kNameFieldNumber, texts.name);
  writer.Varint(otlp::Span::kKindFieldNumber, static_cast<uint64_t>(span.kind));
  writer.Fixed64(otlp::Span::kStartTimeUnixNanoFieldNumber, span.start_unix_ns);
  writer.Fixed64(otlp::Span::kEndTimeUnixNanoFieldNumber, span.end_unix_ns);
  return writer;
}

FieldWriter WriteEvents(const model::Span& span, FieldWriter writer) {
  for (const model::SpanEvent& event : span.events) {
    writer.Head(otlp::Span::kEventsFieldNumber, EventSize(event));
    writer.Fixed64(otlp::Span_Event::kTimeUnixNanoFieldNumber, event.time_unix_ns);
    writer.Text(otlp::Span_Event::kNameFieldNumber, event.name);
  }
  return writer;
}

FieldWriter WriteLinks(const model::Span& span, FieldWriter writer) {
  for (const model::SpanLink& link : span.links) {
    writer.Head(otlp::Span::kLinksFieldNumber, kLinkSize);
    writer.Bytes(otlp::Span_Link::kTraceIdFieldNumber, IdBytes(link.trace_id));
    writer.Bytes(otlp::Span_Link::kSpanIdFieldNumber, IdBytes(link.span_id));
    writer.Fixed32(otlp::Span_Link::kFlagsFieldNumber, kLinkFlags);
  }
  return writer;
}

FieldWriter WriteOutcome(const model::Span& span, const SpanTexts& texts, FieldWriter writer) {
  const size_t code_size = span.status != model::StatusCode::kUnset ? 2 : 0;
  const size_t size = TextSize(otlp::Status::kMessageFieldNumber, texts.status_message) + code_size;
  if (size != 0) {
    writer.Head(otlp::Span::kStatusFieldNumber, size);
    writer.Text(otlp::Status::kMessageFieldNumber, texts.status_message);
    if (code_size != 0) {
      writer.Varint(otlp::Status::kCodeFieldNumber, static_cast<uint64_t>(span.status));
    }
  }
  writer.Fixed32(otlp::Span::kFlagsFieldNumber, OtlpFlags(span));
  return writer;
}

// `text` itself when it is valid, as nearly all text is; else what is then put into `memory`.
std::string_view Valid(std::string_view text, std::string& memory) {
  if (IsValidUtf8(text)) return text;
  memory = ReplaceInvalidUtf8(text);
  return memory;
}

size_t SpanBound(const model::Span& span, const AttributeList& attributes, const SpanTexts& texts) {
  return kSpanOverhead + texts.name.size() + texts.trace_state.size() +
         texts.status_message.size() + texts.base.size() + EventsSize(span) +
         span.links.size() * kLinkFieldSize + proto::AttributesBound(attributes);
}

// Returns the size of the span.
size_t WriteSpan(const model::Span& span, const AttributeList& attributes, const SpanTexts& texts,
                 char* room) {
  FieldWriter writer(room);
  writer = WriteIdentity(span, texts, writer);
  writer.Raw(texts.base);
  writer = proto::WriteAttributes(otlp::Span::kAttributesFieldNumber, attributes, writer);
  writer = WriteEvents(span, writer);
  writer = WriteLinks(span, writer);
  writer = WriteOutcome(span, texts, writer);
  return writer.SizeSince(room);
}

class ProtoEncoding final : public OtlpEncoding {
 public:
  ProtoEncoding(AgentIdentity agent, OtlpFraming framing);

  std::string EncodeResource(const model::Process& process) override;
  void AppendSpan(const model::Span& span, std::string& spans) override;
  void Assemble(std::span<const EncodedResource> resources, std::string& message) override;

 private:
  void Append(const model::Span& span, const AttributeList& attributes, std::string& spans);
  size_t ScopeSpansSize(const EncodedResource& resource) const;
  size_t ResourceSpansSize(const EncodedResource& resource) const;

  AgentIdentity agent_;
  OtlpFraming framing_;
  std::string scope_;       // the field of ScopeSpans
  std::string schema_url_;  // the field of ScopeSpans and, of the same number, of ResourceSpans
  proto::EncodedBases bases_;
};

ProtoEncoding::ProtoEncoding(AgentIdentity agent, OtlpFraming framing)
    : agent_(std::move(agent)), framing_(framing) {
  static_assert(static_cast<int>(otlp::ScopeSpans::kSchemaUrlFieldNumber) ==
                static_cast<int>(otlp::ResourceSpans::kSchemaUrlFieldNumber));
  otlp::ScopeSpans fields;
  fields.set_schema_url(std::string(model::key::kSchemaUrl));
  schema_url_ = fields.SerializeAsString();
  fields.Clear();
  fields.mutable_scope()->set_name(std::string(kScopeName));
  fields.mutable_scope()->set_version(agent_.version);
  scope_ = fields.SerializeAsString();
}

std::string ProtoEncoding::EncodeResource(const model::Process& process) {
  constexpr int kField = opentelemetry::proto::resource::v1::Resource::kAttributesFieldNumber;
  return proto::EncodeAttributes(kField, ResourceAttributes(process, agent_));
}

void ProtoEncoding::AppendSpan(const model::Span& span, std::string& spans) {
  if (IsAscii(span.attributes.OwnText())) {
    Append(span, span.attributes, spans);
  } else {
    Append(span, proto::Repaired(span.attributes), spans);
  }
}

// Adds `span`, with `attributes` for its own ones, as a field of ScopeSpans. Written in one pass
// into room that is surely enough, behind a length of two bytes, as spans of 128 bytes to 16 KiB
// have it; others are moved.
void ProtoEncoding::Append(const model::Span& span, const AttributeList& attributes,
                           std::string& spans) {
  constexpr int kField = otlp::ScopeSpans::kSpansFieldNumber;
  constexpr size_t kUsualHead = TagSize(kField) + 2;
  std::array<std::string, 3> repaired;
  const SpanTexts texts{.name = Valid(span.name, repaired[0]),
                        .trace_state = Valid(span.trace_state, repaired[1]),
                        .status_message = Valid(span.status_message, repaired[2]),
                        .base = bases_.Find(span.attributes.base())};
  const size_t begin = spans.size();
  spans.resize(begin + SpanBound(span, attributes, texts));
  char* const room = spans.data() + begin;
  const size_t size = WriteSpan(span, attributes, texts, room + kUsualHead);
  const size_t field_size = BytesSize(kField, size);
  const size_t head = field_size - size;
  if (head != kUsualHead) std::memmove(room + head, room + kUsualHead, size);
  FieldWriter(room).Head(kField, size);
  spans.resize(begin + field_size);
}

// --- messages -----------------------------------------------------------------------------------

size_t ProtoEncoding::ScopeSpansSize(const EncodedResource& resource) const {
  return scope_.size() + resource.spans.size() + schema_url_.size();
}

size_t ProtoEncoding::ResourceSpansSize(const EncodedResource& resource) const {
  return BytesSize(otlp::ResourceSpans::kResourceFieldNumber, resource.resource.size()) +
         BytesSize(otlp::ResourceSpans::kScopeSpansFieldNumber, ScopeSpansSize(resource)) +
         schema_url_.size();
}

constexpr size_t kMaxVarintSize = 10;

void AppendVarint(uint64_t value, std::string& message) {
  std::array<uint8_t, kMaxVarintSize> bytes{};
  const uint8_t* const end =
      google::protobuf::io::CodedOutputStream::WriteVarint64ToArray(value, bytes.data());
  message.append(bytes.cbegin(), bytes.cbegin() + (end - bytes.data()));
}

// Adds the tag of a field and the size of its content, which follows.
void AppendHead(int field, size_t size, std::string& message) {
  AppendVarint(proto::Tag(field, proto::WireType::kBytes), message);
  AppendVarint(size, message);
}

void ProtoEncoding::Assemble(std::span<const EncodedResource> resources, std::string& message) {
  size_t size = 0;
  for (const EncodedResource& resource : resources) {
    size += BytesSize(otlp::TracesData::kResourceSpansFieldNumber, ResourceSpansSize(resource));
  }
  message.reserve(message.size() + size + kMaxVarintSize);
  if (framing_ == OtlpFraming::kFile) AppendVarint(size, message);
  for (const EncodedResource& resource : resources) {
    AppendHead(otlp::TracesData::kResourceSpansFieldNumber, ResourceSpansSize(resource), message);
    AppendHead(otlp::ResourceSpans::kResourceFieldNumber, resource.resource.size(), message);
    message += resource.resource;
    AppendHead(otlp::ResourceSpans::kScopeSpansFieldNumber, ScopeSpansSize(resource), message);
    message += scope_;
    message += resource.spans;
    message += schema_url_;
    message += schema_url_;
  }
}

}  // namespace

std::unique_ptr<OtlpEncoding> MakeProtoEncoding(const AgentIdentity& agent, OtlpFraming framing) {
  return std::make_unique<ProtoEncoding>(agent, framing);
}

}  // namespace spanwire::exporter
