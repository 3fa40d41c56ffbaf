// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace spanwire::load {

// CLOCK_MONOTONIC.
uint64_t NowNs();

// What the client itself saw of one request.
struct Truth {
  std::string id;
  std::string path;
  uint64_t start_ns = 0;  // the first write call begins
  uint64_t end_ns = 0;    // the last read call returned
  int status = 0;         // 0: no status line came
  uint64_t request_body = 0;
  uint64_t response_body = 0;
  uint16_t local_port = 0;
  // "answered", "refused", "reset", "closed", "timeout", "aborted" (by ourselves), "garbage".
  std::string_view ended;
};

// Writes one JSON object a line. The first line has the offset between wall clock and monotonic
// clock.
class TruthLog {
 public:
  explicit TruthLog(std::FILE* file, std::string method);
  void Write(const Truth& truth);
  void Flush() { std::fflush(file_); }

 private:
  std::FILE* file_;
  std::string method_;
};

}  // namespace spanwire::load
