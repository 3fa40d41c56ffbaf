// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace spanwire::protocol::http1 {

// Remembers how far an incomplete head was looked at, so that a head which comes in many pieces is
// not read again and again. The bytes before that point must not change.
class HeadFinder {
 public:
  // Whether a look at the whole head is worth it: its start line is complete for the first time, or
  // the empty line that ends the head is there.
  bool Ready(std::string_view bytes);

  // After a look that found no end: where the first incomplete line begins.
  void Continue(size_t line_begin, size_t size_bytes) {
    line_begin_ = line_begin;
    searched_ = size_bytes;
  }

  void Restart() { line_begin_ = searched_ = 0; }
  bool started() const { return searched_ > 0; }
  bool has_start_line() const { return line_begin_ > 0; }

 private:
  size_t line_begin_ = 0;  // 0: the start line is not complete
  size_t searched_ = 0;    // no line end lies between line_begin_ and this
};

}  // namespace spanwire::protocol::http1
