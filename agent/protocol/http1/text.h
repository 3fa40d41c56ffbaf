// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace spanwire::protocol::http1 {

// `text` as an attribute value: UTF-8 (an OTLP string must be), at most `limit_bytes` long, cut on
// a character's border. Invalid bytes and control characters become U+FFFD. The result is a view of
// `text` or, where something had to change, of `scratch`.
std::string_view CleanText(std::string_view text, size_t limit_bytes, std::string& scratch);

}  // namespace spanwire::protocol::http1
