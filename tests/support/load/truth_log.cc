// SPDX-License-Identifier: Apache-2.0
#include "tests/support/load/truth_log.h"

#include <cinttypes>
#include <ctime>
#include <utility>

namespace spanwire::load {
namespace {

uint64_t ReadClock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

uint64_t NowNs() { return ReadClock(CLOCK_MONOTONIC); }

TruthLog::TruthLog(std::FILE* file, std::string method) : file_(file), method_(std::move(method)) {
  const uint64_t before = NowNs();
  const uint64_t wall = ReadClock(CLOCK_REALTIME);
  const uint64_t monotonic = before + (NowNs() - before) / 2;
  std::fprintf(file_, "{\"wall_minus_monotonic_ns\":%" PRIu64 "}\n", wall - monotonic);
}

void TruthLog::Write(const Truth& truth) {
  std::fprintf(file_,
               "{\"id\":\"%s\",\"method\":\"%s\",\"path\":\"%s\",\"start_ns\":%" PRIu64
               ",\"end_ns\":%" PRIu64 ",\"status\":%d,\"request_body\":%" PRIu64
               ",\"response_body\":%" PRIu64 ",\"local_port\":%d,\"ended\":\"%.*s\"}\n",
               truth.id.c_str(), method_.c_str(), truth.path.c_str(), truth.start_ns, truth.end_ns,
               truth.status, truth.request_body, truth.response_body, truth.local_port,
               static_cast<int>(truth.ended.size()), truth.ended.data());
}

}  // namespace spanwire::load
