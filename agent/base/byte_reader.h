// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace spanwire {

// Reads untrusted bytes front to back. Every read checks what is left; a failed read takes nothing
// and leaves the reader where it was.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  explicit ByteReader(std::string_view text) : bytes_(std::as_bytes(std::span(text))) {}

  size_t remaining() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

  // A fixed-layout value in host byte order, copied.
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  std::optional<T> ReadPod() {
    if (bytes_.size() < sizeof(T)) return std::nullopt;
    T value{};
    std::memcpy(&value, bytes_.data(), sizeof(T));
    bytes_ = bytes_.subspan(sizeof(T));
    return value;
  }

  template <std::unsigned_integral T>
  std::optional<T> ReadBigEndian() {
    auto value = ReadPod<T>();
    if (!value) return std::nullopt;
    if constexpr (std::endian::native == std::endian::little && sizeof(T) > 1) return Swap(*value);
    return value;
  }

  template <std::unsigned_integral T>
  std::optional<T> ReadLittleEndian() {
    auto value = ReadPod<T>();
    if (!value) return std::nullopt;
    if constexpr (std::endian::native == std::endian::big && sizeof(T) > 1) return Swap(*value);
    return value;
  }

  // The next `size` bytes; the view lives as long as the bytes given to the constructor.
  std::optional<std::span<const std::byte>> ReadBytes(size_t size) {
    if (bytes_.size() < size) return std::nullopt;
    auto taken = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return taken;
  }

  std::optional<std::string_view> ReadText(size_t size) {
    auto taken = ReadBytes(size);
    if (!taken) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(taken->data()), taken->size());  // NOLINT
  }

 private:
  template <std::unsigned_integral T>
  static T Swap(T value) {
    T swapped = 0;
    for (size_t i = 0; i < sizeof(T); ++i) {
      swapped = static_cast<T>((swapped << 8) | ((value >> (8 * i)) & 0xff));
    }
    return swapped;
  }

  std::span<const std::byte> bytes_;
};

}  // namespace spanwire
