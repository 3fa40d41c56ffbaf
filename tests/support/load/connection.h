// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "agent/base/unique_fd.h"
#include "tests/support/load/plan.h"
#include "tests/support/load/reply_parser.h"
#include "tests/support/load/truth_log.h"

namespace spanwire::load {

// Hands out request numbers at the planned rate. One thread.
class Schedule {
 public:
  Schedule(uint64_t requests, double rate) : left_(requests), rate_(rate) {}

  // Whether a request may start now; takes it.
  bool Take(uint64_t now_ns);
  // When Take() may succeed; UINT64_MAX: never again.
  uint64_t NextNs() const;
  uint64_t taken() const { return taken_; }
  // Requests from number `count` on wait until the limit is moved; the rate begins anew.
  void Limit(uint64_t count);
  void Stop() { left_ = 0; }
  bool AtLimit() const { return left_ == 0 || taken_ >= limit_; }
  bool Exhausted() const { return left_ == 0; }

 private:
  uint64_t left_;
  uint64_t taken_ = 0;
  uint64_t limit_ = UINT64_MAX;
  double rate_;
  uint64_t clock_start_ns_ = 0;  // when request number clock_start_at_ was due; 0 = not yet
  uint64_t clock_start_at_ = 0;
};

// One client connection as a state machine over a non-blocking socket, reopened when it ends while
// requests are left. Every request it starts ends in the log exactly once.
class Connection {
 public:
  Connection(const Plan& plan, Schedule& schedule, TruthLog& log)
      : plan_(plan), schedule_(schedule), log_(log) {}

  // Connects without sending anything; blocks until the handshake is done.
  void Open();
  // Events that poll() shall wait for; `fd` is -1 when there are none.
  pollfd Wanted(uint64_t now_ns) const;
  // Time of the next thing to do without an event; UINT64_MAX: none.
  uint64_t NextNs() const;
  // Does what can be done now.
  void Advance(short revents, uint64_t now_ns);
  bool Idle() const { return in_flight_.empty(); }

 private:
  struct Request {
    Truth truth;
    ReplyParser reply;
    uint64_t begin = 0;          // position of its first byte in what was queued so far
    uint64_t content_begin = 0;  // where to stop while `Expect: 100-continue` is unanswered
  };

  void StartRequests(uint64_t now_ns);
  void Queue(const std::string& id);
  void Write();
  size_t WriteLimit() const;
  void MarkStarted(uint64_t time_ns, uint64_t sent_end);
  void Read();
  void OnBytes(std::string_view bytes, uint64_t time_ns);
  void Answered(uint64_t time_ns);
  void End(std::string_view how, uint64_t time_ns);
  void Close(bool reset);
  bool HasOutput() const { return sent_ < out_base_ + out_.size(); }

  const Plan& plan_;
  Schedule& schedule_;
  TruthLog& log_;
  UniqueFd socket_;
  uint16_t local_port_ = 0;
  std::string out_;        // queued bytes
  uint64_t out_base_ = 0;  // position of out_[0]
  uint64_t sent_ = 0;      // position of the next byte to write
  std::deque<Request> in_flight_;
  bool close_when_idle_ = false;
  uint64_t not_before_ns_ = 0;  // think time
  uint64_t read_after_ns_ = 0;
  uint64_t write_after_ns_ = 0;
};

}  // namespace spanwire::load
