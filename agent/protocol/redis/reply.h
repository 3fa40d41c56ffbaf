// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "agent/protocol/redis/commands.h"

namespace spanwire::protocol::redis {

// What a value that a server sends is to whoever waits.
enum class ReplyKind : uint8_t {
  kNeedMore,
  kInvalid,
  kAnswer,
  kError,         // an answer too
  kConfirmation,  // of one channel of the (UN)SUBSCRIBE that waits
  kAside,         // a push, a published message, a line of MONITOR, an attribute: nobody's answer
};

// Who waits for it.
struct Expected {
  bool any = false;  // a request waits; `command` is the oldest one's
  Command command = Command::kUnknown;
  bool monitors = false;
  bool unsubscribed = false;  // the value before confirmed an UNSUBSCRIBE: more may follow
};

// Judges by the beginning of the value. RESP3 marks what is no answer. In RESP2 published messages
// are arrays like any other; but a client that gets them may ask nothing except for (UN)SUBSCRIBE,
// PING, RESET and QUIT, whose answers look different.
ReplyKind ClassifyReply(std::string_view bytes, const Expected& expected);

// The "-WRONGTYPE …" of an error, also of a long one ("!21\r\nWRONGTYPE …": without its header).
std::string_view ErrorLine(std::string_view bytes);

}  // namespace spanwire::protocol::redis
