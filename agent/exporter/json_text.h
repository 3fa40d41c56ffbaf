// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// Writes JSON values (RFC 8259) to the end of a text. No document is built: spans are many and
// flat.
namespace spanwire::exporter {

// "text", quotes included. Control characters are escaped, those of U+0080 to U+009F too, for
// terminals obey them; invalid UTF-8 becomes U+FFFD.
void AppendJsonString(std::string& out, std::string_view text);

void AppendInteger(std::string& out, int64_t value);
void AppendUnsigned(std::string& out, uint64_t value);

// The shortest text that reads back as `value`; NaN and the infinities as protobuf's JSON mapping
// writes them: "NaN", "Infinity", "-Infinity".
void AppendJsonDouble(std::string& out, double value);

}  // namespace spanwire::exporter
