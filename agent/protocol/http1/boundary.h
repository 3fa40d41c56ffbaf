// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace spanwire::protocol::http1 {

// Where a request, or an answer, begins in the middle of a stream; kNoBoundary when
// nowhere for sure. `bytes` begins where one socket call's bytes begin.
//
// At the front a complete start line that follows the grammar to the letter is enough. Further in,
// only a whole head is taken, one that follows an empty line or another line's end and names what
// every peer names (Host; a length or a status without content), because content can hold start
// lines: multipart batches and TRACE answers do, and where one shows, nothing but the front is
// trusted.
size_t FindRequest(std::string_view bytes);
size_t FindResponse(std::string_view bytes);

}  // namespace spanwire::protocol::http1
