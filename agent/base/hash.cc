// SPDX-License-Identifier: Apache-2.0
#include "agent/base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace spanwire {

Hash128 HashBytes(std::string_view bytes, uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {hash.low64, hash.high64};
}

}  // namespace spanwire
