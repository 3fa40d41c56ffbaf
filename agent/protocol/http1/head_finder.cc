// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/head_finder.h"

namespace spanwire::protocol::http1 {

bool HeadFinder::Ready(std::string_view bytes) {
  if (bytes.size() < searched_) Restart();  // not the bytes of the last call: begin again
  for (;;) {
    const size_t end = bytes.find('\n', searched_);
    if (end == std::string_view::npos) {
      searched_ = bytes.size();
      return false;
    }
    if (line_begin_ == 0) return true;
    const std::string_view line = bytes.substr(line_begin_, end - line_begin_);
    if (line.empty() || line == "\r") return true;
    line_begin_ = searched_ = end + 1;
  }
}

}  // namespace spanwire::protocol::http1
