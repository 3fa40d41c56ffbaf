// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace spanwire::protocol::http1 {

// RFC 9112 §3. Views into the line.
struct RequestLine {
  std::string_view method;
  std::string_view target;
  int minor_version = 1;  // of HTTP/1
};

// RFC 9112 §4.
struct StatusLine {
  int code = 0;  // 100…999
  int minor_version = 1;
};

// `line` comes without its line end. White space in the target and after the version is tolerated,
// as real servers do: it cannot change where the message ends. Empty when this is no HTTP/1 request
// line.
std::optional<RequestLine> ParseRequestLine(std::string_view line);

// As ParseRequestLine(), but takes only what the grammar allows: for joining a stream in its
// middle, where a false match would be worse than none.
std::optional<RequestLine> ParseStrictRequestLine(std::string_view line);

std::optional<StatusLine> ParseStatusLine(std::string_view line);

}  // namespace spanwire::protocol::http1
