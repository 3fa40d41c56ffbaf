// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace spanwire::protocol::redis {

// Longer than any line that announces a length or a number of elements.
inline constexpr size_t kMaxHeaderLine = 32;
// More than a server would take (proto-max-bulk-len is 512 MiB unless raised).
inline constexpr uint64_t kMaxLength = uint64_t{1} << 40;

// A line that announces what follows it: "$5\r\n", "*-1\r\n", "%?\r\n".
struct Header {
  char type = 0;
  bool null = false;      // "-1"
  bool streamed = false;  // "?": the end is told later
  uint64_t value = 0;     // length or number of elements
  size_t size = 0;        // of the line, CR LF included
};

enum class HeaderStatus : uint8_t { kComplete, kIncomplete, kInvalid };

// Reads the header at the front. kIncomplete: `bytes` may become one.
HeaderStatus ReadHeader(std::string_view bytes, Header& header);

// Types whose value is the rest of the line.
bool IsLineType(char type);
// Types that hold other values.
bool IsAggregateType(char type);

// The string at the front: "$3\r\nfoo\r\n" with its "foo". Nothing when the front is no string or
// its header is incomplete.
struct BulkString {
  std::string_view text;  // as much of it as is there
  uint64_t length = 0;    // of the whole
  size_t size = 0;        // header, content and CR LF
  bool whole = false;     // text is all of it
};
std::optional<BulkString> ReadBulkString(std::string_view bytes);

}  // namespace spanwire::protocol::redis
