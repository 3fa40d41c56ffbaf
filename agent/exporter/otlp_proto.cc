// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/io/coded_stream.h>

#include <bit>
#include <utility>

#include "agent/exporter/otlp_encoder.h"
#include "agent/exporter/utf8.h"
#include "agent/model/conventions.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace spanwire::exporter {
namespace {

using google::protobuf::io::CodedOutputStream;
namespace common = opentelemetry::proto::common::v1;
namespace otlp = opentelemetry::proto::trace::v1;
using model::AttributeList;

enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr uint32_t Tag(int field, WireType type) {
  return (static_cast<uint32_t>(field) << 3) | type;
}
constexpr size_t TagSize(int field) { return field < 16 ? 1 : 2; }

size_t VarintSize(uint64_t value) { return CodedOutputStream::VarintSize64(value); }
size_t BytesSize(int field, size_t size) { return TagSize(field) + VarintSize(size) + size; }
size_t TextSize(int field, std::string_view text) {
  return text.empty() ? 0 : BytesSize(field, text.size());
}

// Writes fields front to back into room that was measured before.
class FieldWriter {
 public:
  explicit FieldWriter(char* room) : next_(reinterpret_cast<uint8_t*>(room)) {}  // NOLINT: bytes

  void Head(int field, size_t size) {
    next_ = CodedOutputStream::WriteTagToArray(Tag(field, kBytes), next_);
    next_ = CodedOutputStream::WriteVarint64ToArray(size, next_);
  }
  void Raw(const void* bytes, size_t size) {
    next_ = CodedOutputStream::WriteRawToArray(bytes, static_cast<int>(size), next_);
  }
  void Raw(std::string_view bytes) { Raw(bytes.data(), bytes.size()); }
  void Bytes(int field, std::string_view bytes) {
    Head(field, bytes.size());
    Raw(bytes);
  }
  // As Bytes(), but the default value is left out.
  void Text(int field, std::string_view text) {
    if (!text.empty()) Bytes(field, text);
  }
  void Varint(int field, uint64_t value) {
    next_ = CodedOutputStream::WriteTagToArray(Tag(field, kVarint), next_);
    next_ = CodedOutputStream::WriteVarint64ToArray(value, next_);
  }
  void Fixed64(int field, uint64_t value) {
    next_ = CodedOutputStream::WriteTagToArray(Tag(field, kFixed64), next_);
    next_ = CodedOutputStream::WriteLittleEndian64ToArray(value, next_);
  }
  void Fixed32(int field, uint32_t value) {
    next_ = CodedOutputStream::WriteTagToArray(Tag(field, kFixed32), next_);
    next_ = CodedOutputStream::WriteLittleEndian32ToArray(value, next_);
  }

 private:
  uint8_t* next_;
};

// Adds `size` bytes to `out` and returns where they begin.
char* Extend(std::string& out, size_t size) {
  const size_t before = out.size();
  out.resize(before + size);
  return out.data() + before;
}

// --- attributes ---------------------------------------------------------------------------------

// An attribute whose text is valid and whose sizes are known.
struct Measured {
  AttributeList::View view;
  size_t value_size = 0;  // of the AnyValue
  size_t size = 0;        // of the KeyValue
};

size_t ValueSize(const AttributeList::View& view) {
  switch (view.type) {
    case AttributeList::Type::kString:
      return BytesSize(common::AnyValue::kStringValueFieldNumber, view.text.size());
    case AttributeList::Type::kInt: return 1 + VarintSize(static_cast<uint64_t>(view.integer));
    case AttributeList::Type::kDouble: return 1 + sizeof(uint64_t);
    case AttributeList::Type::kBool: return 2;
  }
  return 0;
}

Measured Measure(const AttributeList::View& view) {
  Measured measured{.view = view, .value_size = ValueSize(view)};
  measured.size = BytesSize(common::KeyValue::kKeyFieldNumber, view.key.size()) +
                  BytesSize(common::KeyValue::kValueFieldNumber, measured.value_size);
  return measured;
}

void WriteValue(const AttributeList::View& view, FieldWriter& writer) {
  switch (view.type) {
    case AttributeList::Type::kString:
      writer.Bytes(common::AnyValue::kStringValueFieldNumber, view.text);
      return;
    case AttributeList::Type::kInt:
      writer.Varint(common::AnyValue::kIntValueFieldNumber, static_cast<uint64_t>(view.integer));
      return;
    case AttributeList::Type::kDouble:
      writer.Fixed64(common::AnyValue::kDoubleValueFieldNumber,
                     std::bit_cast<uint64_t>(view.number));
      return;
    case AttributeList::Type::kBool:
      writer.Varint(common::AnyValue::kBoolValueFieldNumber, view.integer != 0 ? 1 : 0);
      return;
  }
}

void WriteAttribute(int field, const Measured& attribute, FieldWriter& writer) {
  writer.Head(field, attribute.size);
  writer.Bytes(common::KeyValue::kKeyFieldNumber, attribute.view.key);
  writer.Head(common::KeyValue::kValueFieldNumber, attribute.value_size);
  WriteValue(attribute.view, writer);
}

// --- spans --------------------------------------------------------------------------------------

constexpr size_t kTraceIdSize = 2 + std::tuple_size_v<model::TraceId>;
constexpr size_t kSpanIdSize = 2 + std::tuple_size_v<model::SpanId>;
constexpr size_t kTimeSize = 1 + sizeof(uint64_t);
constexpr size_t kKindSize = 2;
constexpr size_t kFlagsSize = 2 + sizeof(uint32_t);
constexpr size_t kFixedSize = kTraceIdSize + kSpanIdSize + kKindSize + 2 * kTimeSize + kFlagsSize;

size_t EventSize(const model::SpanEvent& event) {
  return kTimeSize + TextSize(otlp::Span_Event::kNameFieldNumber, event.name);
}

template <typename Id>
std::string_view IdBytes(const Id& id) {
  return {reinterpret_cast<const char*>(id.data()), id.size()};  // NOLINT: bytes as text
}

class ProtoEncoding final : public OtlpEncoding {
 public:
  explicit ProtoEncoding(AgentIdentity agent) : agent_(std::move(agent)) { EncodeScope(); }

  std::string EncodeResource(const model::Process& process) override;
  void AppendSpan(const model::Span& span, std::string& out) override;
  std::string Assemble(std::span<const EncodedResource> resources) override;

 private:
  void EncodeScope();
  std::string_view Valid(std::string_view text);
  size_t MeasureAttributes(int field, const AttributeList& attributes);
  size_t ScopeSpansSize(const EncodedResource& resource) const;

  AgentIdentity agent_;
  std::string scope_;
  std::vector<Measured> attributes_;   // of the span at hand
  std::vector<std::string> repaired_;  // text that stands in for invalid UTF-8
};

void ProtoEncoding::EncodeScope() {
  common::InstrumentationScope scope;
  scope.set_name(std::string(kScopeName));
  scope.set_version(agent_.version);
  scope_ = scope.SerializeAsString();
}

// `text` itself when it is valid, as nearly all text is; else a copy that lives until the next
// span.
std::string_view ProtoEncoding::Valid(std::string_view text) {
  if (IsValidUtf8(text)) return text;
  // The caller reserved: views of earlier strings, short ones included, stay valid.
  return repaired_.emplace_back(ReplaceInvalidUtf8(text));
}

// Fills attributes_. Returns the size of all of them as `field`.
size_t ProtoEncoding::MeasureAttributes(int field, const AttributeList& attributes) {
  attributes_.clear();
  size_t sum = 0;
  const bool valid = IsAscii(attributes.AllText());  // nearly always; static keys are
  for (size_t i = 0; i < attributes.size(); ++i) {
    AttributeList::View view = attributes.at(i);
    if (!valid) view.key = Valid(view.key);
    if (!valid && view.type == AttributeList::Type::kString) view.text = Valid(view.text);
    attributes_.push_back(Measure(view));
    sum += BytesSize(field, attributes_.back().size);
  }
  return sum;
}

std::string ProtoEncoding::EncodeResource(const model::Process& process) {
  const int field = opentelemetry::proto::resource::v1::Resource::kAttributesFieldNumber;
  const AttributeList attributes = ResourceAttributes(process, agent_);
  repaired_.clear();
  repaired_.reserve(2 * attributes.size());
  std::string encoded(MeasureAttributes(field, attributes), '\0');
  FieldWriter writer(encoded.data());
  for (const Measured& attribute : attributes_) WriteAttribute(field, attribute, writer);
  return encoded;
}

// The parts of a span whose size varies, measured.
struct SpanParts {
  std::string_view name;
  std::string_view trace_state;
  std::string_view status_message;
  size_t status_size = 0;  // of the Status; 0 = left out
  size_t size = 0;         // of the Span
};

SpanParts MeasureSpan(const model::Span& span, SpanParts parts, size_t attributes_size) {
  parts.status_size = TextSize(otlp::Status::kMessageFieldNumber, parts.status_message);
  if (span.status != model::StatusCode::kUnset) parts.status_size += 2;
  parts.size = kFixedSize + attributes_size + TextSize(otlp::Span::kNameFieldNumber, parts.name) +
               TextSize(otlp::Span::kTraceStateFieldNumber, parts.trace_state);
  if (!model::IsZero(span.parent_span_id)) parts.size += kSpanIdSize;
  for (const model::SpanEvent& event : span.events) {
    parts.size += BytesSize(otlp::Span::kEventsFieldNumber, EventSize(event));
  }
  if (parts.status_size != 0) {
    parts.size += BytesSize(otlp::Span::kStatusFieldNumber, parts.status_size);
  }
  return parts;
}

void WriteIdentity(const model::Span& span, const SpanParts& parts, FieldWriter& writer) {
  writer.Bytes(otlp::Span::kTraceIdFieldNumber, IdBytes(span.trace_id));
  writer.Bytes(otlp::Span::kSpanIdFieldNumber, IdBytes(span.span_id));
  writer.Text(otlp::Span::kTraceStateFieldNumber, parts.trace_state);
  if (!model::IsZero(span.parent_span_id)) {
    writer.Bytes(otlp::Span::kParentSpanIdFieldNumber, IdBytes(span.parent_span_id));
  }
  writer.Text(otlp::Span::kNameFieldNumber, parts.name);
  writer.Varint(otlp::Span::kKindFieldNumber, static_cast<uint64_t>(span.kind));
  writer.Fixed64(otlp::Span::kStartTimeUnixNanoFieldNumber, span.start_unix_ns);
  writer.Fixed64(otlp::Span::kEndTimeUnixNanoFieldNumber, span.end_unix_ns);
}

void WriteEvents(const model::Span& span, FieldWriter& writer) {
  for (const model::SpanEvent& event : span.events) {
    writer.Head(otlp::Span::kEventsFieldNumber, EventSize(event));
    writer.Fixed64(otlp::Span_Event::kTimeUnixNanoFieldNumber, event.time_unix_ns);
    writer.Text(otlp::Span_Event::kNameFieldNumber, event.name);
  }
}

void WriteOutcome(const model::Span& span, const SpanParts& parts, FieldWriter& writer) {
  if (parts.status_size != 0) {
    writer.Head(otlp::Span::kStatusFieldNumber, parts.status_size);
    writer.Text(otlp::Status::kMessageFieldNumber, parts.status_message);
    if (span.status != model::StatusCode::kUnset) {
      writer.Varint(otlp::Status::kCodeFieldNumber, static_cast<uint64_t>(span.status));
    }
  }
  writer.Fixed32(otlp::Span::kFlagsFieldNumber, OtlpFlags(span));
}

// Everything is measured first, so that each byte is written once and nothing moves.
void ProtoEncoding::AppendSpan(const model::Span& span, std::string& out) {
  constexpr size_t kOwnTexts = 3;
  repaired_.clear();
  repaired_.reserve(kOwnTexts + 2 * span.attributes.size());
  const size_t attributes_size =
      MeasureAttributes(otlp::Span::kAttributesFieldNumber, span.attributes);
  const SpanParts parts = MeasureSpan(span,
                                      {.name = Valid(span.name),
                                       .trace_state = Valid(span.trace_state),
                                       .status_message = Valid(span.status_message)},
                                      attributes_size);
  FieldWriter writer(Extend(out, BytesSize(otlp::ScopeSpans::kSpansFieldNumber, parts.size)));
  writer.Head(otlp::ScopeSpans::kSpansFieldNumber, parts.size);
  WriteIdentity(span, parts, writer);
  for (const Measured& attribute : attributes_) {
    WriteAttribute(otlp::Span::kAttributesFieldNumber, attribute, writer);
  }
  WriteEvents(span, writer);
  WriteOutcome(span, parts, writer);
}

// --- messages -----------------------------------------------------------------------------------

size_t ProtoEncoding::ScopeSpansSize(const EncodedResource& resource) const {
  return BytesSize(otlp::ScopeSpans::kScopeFieldNumber, scope_.size()) + resource.spans_bytes +
         BytesSize(otlp::ScopeSpans::kSchemaUrlFieldNumber, model::key::kSchemaUrl.size());
}

std::string ProtoEncoding::Assemble(std::span<const EncodedResource> resources) {
  std::string message;
  for (const EncodedResource& resource : resources) {
    const size_t scope_spans_size = ScopeSpansSize(resource);
    const size_t size =
        BytesSize(otlp::ResourceSpans::kResourceFieldNumber, resource.resource.size()) +
        BytesSize(otlp::ResourceSpans::kScopeSpansFieldNumber, scope_spans_size) +
        BytesSize(otlp::ResourceSpans::kSchemaUrlFieldNumber, model::key::kSchemaUrl.size());
    FieldWriter writer(
        Extend(message, BytesSize(otlp::TracesData::kResourceSpansFieldNumber, size)));
    writer.Head(otlp::TracesData::kResourceSpansFieldNumber, size);
    writer.Bytes(otlp::ResourceSpans::kResourceFieldNumber, resource.resource);
    writer.Head(otlp::ResourceSpans::kScopeSpansFieldNumber, scope_spans_size);
    writer.Bytes(otlp::ScopeSpans::kScopeFieldNumber, scope_);
    for (const std::string_view span : resource.spans) writer.Raw(span);
    writer.Bytes(otlp::ScopeSpans::kSchemaUrlFieldNumber, model::key::kSchemaUrl);
    writer.Bytes(otlp::ResourceSpans::kSchemaUrlFieldNumber, model::key::kSchemaUrl);
  }
  return message;
}

}  // namespace

std::unique_ptr<OtlpEncoding> MakeProtoEncoding(const AgentIdentity& agent) {
  return std::make_unique<ProtoEncoding>(agent);
}

}  // namespace spanwire::exporter
