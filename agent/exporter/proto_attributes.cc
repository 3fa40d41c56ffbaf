// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/proto_attributes.h"

#include <bit>

#include "opentelemetry/proto/trace/v1/trace.pb.h"

#include "agent/base/utf8.h"

namespace spanwire::exporter::proto {

namespace common = opentelemetry::proto::common::v1;
using model::AttributeList;

namespace {

// Connections whose encoded attributes are kept, some hundred bytes each.
constexpr size_t kMaxBases = 2048;

// What an attribute takes besides its key and its text: three tags and lengths around them, and the
// value's own tag with its length or its number.
constexpr size_t kAttributeOverhead = 3 * (1 + 5) + (1 + 10);

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

FieldWriter WriteNumber(const AttributeList::View& view, FieldWriter writer) {
  switch (view.type) {
    case AttributeList::Type::kString: break;
    case AttributeList::Type::kInt:
      writer.Varint(common::AnyValue::kIntValueFieldNumber, static_cast<uint64_t>(view.integer));
      break;
    case AttributeList::Type::kDouble:
      writer.Fixed64(common::AnyValue::kDoubleValueFieldNumber,
                     std::bit_cast<uint64_t>(view.number));
      break;
    case AttributeList::Type::kBool:
      writer.Varint(common::AnyValue::kBoolValueFieldNumber, view.integer != 0 ? 1 : 0);
      break;
  }
  return writer;
}

}  // namespace

size_t AttributesBound(const AttributeList& attributes) {
  size_t bound = attributes.OwnText().size() + attributes.own_size() * kAttributeOverhead;
  for (size_t i = 0; i < attributes.own_size(); ++i) bound += attributes.Own(i).key.size();
  return bound;
}

FieldWriter WriteAttributes(int field, const AttributeList& attributes, FieldWriter writer) {
  for (size_t i = 0; i < attributes.own_size(); ++i) {
    const AttributeList::View view = attributes.Own(i);
    const size_t value_size = ValueSize(view);
    writer.Head(field, BytesSize(common::KeyValue::kKeyFieldNumber, view.key.size()) +
                           BytesSize(common::KeyValue::kValueFieldNumber, value_size));
    writer.Bytes(common::KeyValue::kKeyFieldNumber, view.key);
    writer.Head(common::KeyValue::kValueFieldNumber, value_size);
    if (view.type == AttributeList::Type::kString) {
      writer.Bytes(common::AnyValue::kStringValueFieldNumber, view.text);
    } else {
      writer = WriteNumber(view, writer);
    }
  }
  return writer;
}

AttributeList Repaired(const AttributeList& attributes) {
  AttributeList repaired;
  for (size_t i = 0; i < attributes.own_size(); ++i) {
    const AttributeList::View view = attributes.Own(i);
    if (view.type == AttributeList::Type::kString) {
      repaired.SetDynamic(ReplaceInvalidUtf8(view.key), ReplaceInvalidUtf8(view.text));
    } else {
      repaired.AddFrom(attributes, attributes.base_size() + i);
    }
  }
  return repaired;
}

std::string EncodeAttributes(int field, const AttributeList& attributes) {
  const AttributeList valid = Repaired(attributes);
  std::string encoded(AttributesBound(valid), '\0');
  const FieldWriter writer = WriteAttributes(field, valid, FieldWriter(encoded.data()));
  encoded.resize(writer.SizeSince(encoded.data()));
  return encoded;
}

std::string_view EncodedBases::Find(const std::shared_ptr<const AttributeList>& base) {
  if (!base) return {};
  const auto found = entries_.find(base.get());
  if (found != entries_.end()) return found->second.encoded;
  // Those in use come back soon.
  if (entries_.size() >= kMaxBases) entries_.clear();
  constexpr int kField = opentelemetry::proto::trace::v1::Span::kAttributesFieldNumber;
  Entry& entry = entries_[base.get()];
  entry = {.base = base, .encoded = EncodeAttributes(kField, *base)};
  return entry.encoded;
}

}  // namespace spanwire::exporter::proto
