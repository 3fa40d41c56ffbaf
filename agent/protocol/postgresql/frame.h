// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/base/byte_reader.h"

namespace spanwire::protocol::postgresql {

inline constexpr size_t kHeaderBytes = 5;  // a type and a length that counts itself
// PostgreSQL allocates no more for one message.
inline constexpr uint32_t kMaxLength = 0x3fff'ffff;

// The header of a typed message.
struct Frame {
  char type = 0;
  uint64_t size = 0;  // of the whole message, header and all
};

// The header at the front; absent when it is not all there or its length is none.
inline std::optional<Frame> ReadFrame(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto type = reader.ReadPod<char>();
  const auto length = reader.ReadBigEndian<uint32_t>();
  if (!type || !length || *length < 4 || *length > kMaxLength) return std::nullopt;
  return Frame{.type = *type, .size = uint64_t{1} + *length};
}

// Takes a text that ends with NUL off `bytes`, and the NUL. Absent when there is no NUL: then
// nothing is taken.
inline std::optional<std::string_view> TakeText(std::string_view& bytes) {
  const size_t end = bytes.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view text = bytes.substr(0, end);
  bytes.remove_prefix(end + 1);
  return text;
}

}  // namespace spanwire::protocol::postgresql
