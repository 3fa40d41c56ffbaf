// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "agent/base/time.h"
#include "agent/model/connection.h"
#include "agent/trace/slots.h"

namespace spanwire::trace::link {

// What an event loop's thread read since it last acted: the cause of what it does next.
struct Cause {
  enum class Kind : uint8_t { kNothing, kOne, kSeveral };
  Kind kind = Kind::kNothing;
  bool is_call = false;
  bool acted_on = false;  // before
  Handle what{};          // kOne: a request, or the call whose answer was read; may be unknown
  Handle request{};  // kOne: the request, or the one that the call was made for; may be unknown
  model::ConnectionId connection = 0;  // of the call
};

// One execution context, a thread or something within one, as far as its socket calls show it.
class Context {
 public:
  // A request was read here. The reading is told with Read(), too.
  void Open(Handle request) {
    exclusive_ = open_ == 0;
    sole_ = request;
    ++open_;
  }
  // A request that was read here has ended.
  void Close() {
    if (--open_ == 0) sole_ = {};
  }

  // The only request open here, if there was no other since there was none.
  Handle sole() const { return open_ == 1 && exclusive_ ? sole_ : Handle(); }

  // Something was read: a request, or the answer to a call.
  void Read(const Cause& what) {
    if (acted_ || cause_.kind == Cause::Kind::kNothing) {
      cause_ = what;
      acted_ = false;
    } else if (cause_.is_call != what.is_call || cause_.what != what.what || !what.what) {
      cause_ = {.kind = Cause::Kind::kSeveral};
    }
  }
  // The context acts: what made it?
  Cause Act() {
    Cause cause = cause_;
    cause.acted_on = acted_;
    acted_ = true;
    return cause;
  }
  // What was read has been dealt with: what follows has another, unknown cause.
  void Settle() { cause_ = {}; }
  // Something is known too late to say what came before what.
  void Confuse() { cause_ = {.kind = Cause::Kind::kSeveral}; }

  bool idle() const { return open_ == 0; }

  std::vector<Handle> calls;      // made here or in contexts made here, since the last reply
  std::vector<Handle> under_way;  // calls begun here that may not be answered yet
  size_t connecting = 0;          // connections begun here that sent nothing yet
  uint64_t overlapped_at = 0;     // serial of the last call begun while another was under way
  uint64_t creator = 0;           // key of the context that made this one; 0: unknown
  Nanoseconds last_ns = 0;

 private:
  uint32_t open_ = 0;
  bool exclusive_ = true;
  bool acted_ = false;
  Handle sole_;
  Cause cause_;
};

}  // namespace spanwire::trace::link
