// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "agent/protocol/http1/fields.h"

namespace spanwire::protocol::http1 {

// Where a message's content ends (RFC 9112 §6.3).
struct BodyFraming {
  enum class Kind : uint8_t {
    kNone,    // no content
    kLength,  // `length` bytes
    kChunked,
    kUntilClose,  // until the connection ends
    kUntilTurn,   // until the turn ends: the head was cut off, nothing else is known
    kTunnel,      // none, and what follows is no HTTP/1 any more
    kAmbiguous,   // recipients may disagree: nobody here guesses
  };
  Kind kind = Kind::kNone;
  uint64_t length = 0;
  bool declared = false;  // a field said so, if only "0"
};

// Takes one Content-Length field's value. Lists of equal numbers count as one number (§6.3 rule 5).
void AddContentLength(std::string_view value, FramingFields& fields);

// Takes one Transfer-Encoding field's value: a part of one list of codings (§6.1).
void AddTransferEncoding(std::string_view value, FramingFields& fields);

BodyFraming RequestFraming(const FramingFields& fields, int minor_version);

// What the request that a response answers means for its framing.
struct AnsweredRequest {
  bool is_head = false;
  bool is_connect = false;
};

BodyFraming ResponseFraming(const FramingFields& fields, int minor_version, int code,
                            AnsweredRequest request);

}  // namespace spanwire::protocol::http1
