// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Points in time as text. Times are nanoseconds since the UNIX epoch.
namespace spanwire::exporter {

// "2026-11-21T03:38:26.123456789Z" (RFC 3339, UTC).
std::string FormatRfc3339(uint64_t unix_ns);

// "03:38:26.123" in the local time zone.
std::string FormatLocalClock(uint64_t unix_ns);

// An HTTP-date in its preferred form, "Sat, 21 Nov 2026 03:38:26 GMT" (RFC 9110 §5.6.7), in seconds
// since the epoch. The two obsolete forms are not read.
std::optional<int64_t> ParseHttpDate(std::string_view text);

}  // namespace spanwire::exporter
