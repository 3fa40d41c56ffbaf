// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace spanwire::protocol::redis {

// Whether a request begins at the front: an array of strings, the first of which is the name of a
// known command. Inline commands are too much like any other text.
bool BeginsRequest(std::string_view bytes);

// Whether something that a server sends begins at the front: a whole first line that makes sense.
bool BeginsReply(std::string_view bytes);

// Whether `line`, which follows the type and is without CR LF, makes sense for `type`.
bool IsReplyLine(char type, std::string_view line);

}  // namespace spanwire::protocol::redis
