// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/exporter/proto_writer.h"
#include "agent/model/attribute.h"

// Attributes as protobuf: repeated KeyValue, with the field's number that the message around gives
// them. Of a list with a base, only what is its own.
namespace spanwire::exporter::proto {

// A copy of `attributes` with U+FFFD for what is no UTF-8.
model::AttributeList Repaired(const model::AttributeList& attributes);

// At least what `attributes` take.
size_t AttributesBound(const model::AttributeList& attributes);

// Requires valid text. Returns the writer behind them.
FieldWriter WriteAttributes(int field, const model::AttributeList& attributes, FieldWriter writer);

// All of it: repaired, measured, written.
std::string EncodeAttributes(int field, const model::AttributeList& attributes);

// The encoded bases of spans. A connection's spans share one, so most are found here.
class EncodedBases {
 public:
  // Empty for null. Lives until the next call.
  std::string_view Find(const std::shared_ptr<const model::AttributeList>& base);

 private:
  struct Entry {
    std::shared_ptr<const model::AttributeList> base;  // keeps its address from being reused
    std::string encoded;
  };
  std::unordered_map<const model::AttributeList*, Entry> entries_;
};

}  // namespace spanwire::exporter::proto
