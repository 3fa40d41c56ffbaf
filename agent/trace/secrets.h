// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace spanwire::trace {

// Part of a text that must not leave the process, and what stands in its place.
struct Secret {
  size_t begin = 0;
  size_t end = 0;
  std::string_view substitute;
};

// False when `text` holds no secret for sure, which is said of most: no secret is without one of
// few characters.
bool MayHoldSecret(std::string_view text);

// The first secret at or after `from`. `query`: the text is a bare query string, so that a
// parameter may stand at its very beginning.
//
//   eyJ….….…              JSON web token (RFC 7519)
//   Bearer …, Basic …     credentials (RFC 6750, RFC 7617), the blank may be encoded
//   AKIA…, ASIA…          AWS access key id
//   ://user:pass@         userinfo of a URL (RFC 3986, 3.2.1)
//   ?name=…, &name=…      query parameters whose name says so
std::optional<Secret> FindSecret(std::string_view text, size_t from, bool query);

}  // namespace spanwire::trace
