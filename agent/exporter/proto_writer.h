// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/io/coded_stream.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// Protobuf's wire format, field by field.
namespace spanwire::exporter::proto {

enum class WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr uint32_t Tag(int field, WireType type) {
  return (static_cast<uint32_t>(field) << 3) | static_cast<uint32_t>(type);
}
constexpr size_t TagSize(int field) { return field < 16 ? 1 : 2; }

// Nearly all lengths are short: those are told apart first.
inline constexpr uint64_t kShort = 0x80;

inline size_t VarintSize(uint64_t value) {
  return value < kShort ? 1 : google::protobuf::io::CodedOutputStream::VarintSize64(value);
}
inline size_t BytesSize(int field, size_t size) { return TagSize(field) + VarintSize(size) + size; }
inline size_t TextSize(int field, std::string_view text) {
  return text.empty() ? 0 : BytesSize(field, text.size());
}

// Writes fields front to back into room that is enough. Handed on by value, so that it stays in a
// register.
class FieldWriter {
 public:
  explicit FieldWriter(char* room) : next_(reinterpret_cast<uint8_t*>(room)) {}  // NOLINT: bytes

  // Bytes written since `room`.
  size_t SizeSince(const char* room) const {
    return static_cast<size_t>(reinterpret_cast<const char*>(next_) - room);  // NOLINT: bytes
  }

  void Head(int field, size_t size) { PutVarint(field, WireType::kBytes, size); }
  void Bytes(int field, std::string_view bytes) {
    Head(field, bytes.size());
    Raw(bytes);
  }
  void Raw(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(next_, bytes.data(), bytes.size());
    next_ += bytes.size();
  }
  // As Bytes(), but the default value is left out.
  void Text(int field, std::string_view text) {
    if (!text.empty()) Bytes(field, text);
  }
  void Varint(int field, uint64_t value) { PutVarint(field, WireType::kVarint, value); }
  void Fixed64(int field, uint64_t value) {
    next_ = google::protobuf::io::CodedOutputStream::WriteTagToArray(Tag(field, WireType::kFixed64),
                                                                     next_);
    next_ = google::protobuf::io::CodedOutputStream::WriteLittleEndian64ToArray(value, next_);
  }
  void Fixed32(int field, uint32_t value) {
    next_ = google::protobuf::io::CodedOutputStream::WriteTagToArray(Tag(field, WireType::kFixed32),
                                                                     next_);
    next_ = google::protobuf::io::CodedOutputStream::WriteLittleEndian32ToArray(value, next_);
  }

 private:
  void PutVarint(int field, WireType type, uint64_t value) {
    next_ = google::protobuf::io::CodedOutputStream::WriteTagToArray(Tag(field, type), next_);
    if (value < kShort) {
      *next_++ = static_cast<uint8_t>(value);
    } else {
      next_ = google::protobuf::io::CodedOutputStream::WriteVarint64ToArray(value, next_);
    }
  }

  uint8_t* next_;
};

}  // namespace spanwire::exporter::proto
