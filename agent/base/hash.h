// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace spanwire {

struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
  bool operator==(const Hash128&) const = default;
};

// XXH3 of `bytes`. Stable across hosts, versions and byte orders: ids derive from it.
Hash128 HashBytes(std::string_view bytes, uint64_t seed);

// Spreads a 64-bit key over a table (the finaliser of splitmix64).
constexpr uint64_t MixBits(uint64_t value) {
  value ^= value >> 30;
  value *= 0xbf58476d1ce4e5b9u;
  value ^= value >> 27;
  value *= 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

}  // namespace spanwire
