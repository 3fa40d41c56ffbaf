// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

// What processes call themselves is hostile text: any bytes, any length.
namespace spanwire::process {

// Valid UTF-8 without control characters, at most `max_bytes` long: what is neither becomes U+FFFD,
// and the cut falls between characters.
std::string CleanText(std::string_view text, size_t max_bytes);

// Whether the bytes are UTF-8 (RFC 3629: shortest form, no surrogates) without control characters.
bool IsCleanText(std::string_view text);

// What follows the last '/'; of "/a/b/" it is empty.
std::string_view BaseName(std::string_view path);

// Removes the part of `text` up to the next `separator` and returns it; all of it when there is
// none.
std::string_view TakePart(std::string_view& text, char separator);

bool IsHex(std::string_view text);

}  // namespace spanwire::process
