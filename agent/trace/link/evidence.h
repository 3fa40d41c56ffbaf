// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "agent/trace/slots.h"

namespace spanwire::trace::link {

// How a call's parent was found. The names stand in `spanwire.link.method`.
enum class Method : uint8_t {
  kNone,
  kHeader,   // the call carries on the trace header of one open request of its process
  kContext,  // the context that made the call sent that request's reply next
  kCreator,  // the same, of a context that was made while that request was served
  kThread,   // a thread that serves one request at a time
  kTick,     // an event loop: what was read led to the call, and its answer to the reply
  kAnswer,   // an event loop: the answer led to the reply, and nothing speaks against it
  kCount,
};

// Why a call has no parent. The names stand in `spanwire.link.reason`.
enum class Reason : uint8_t {
  kLinked,      // it has one
  kRoot,        // its process served no request when the call began
  kNoEvidence,  // some request was open, but nothing says which
  kAmbiguous,   // evidence for more than one
  kUnproven,    // evidence that has not proven reliable in this process
  kWaited,      // the request was still being served when the wait was over
  kEvicted,     // memory bound
  kCycle,       // the parent would have been a descendant
  kCount,
};

// What is known of who made one call. Handles name requests that the call's process serves.
struct Evidence {
  Handle header;             // the open request with the same trace header or request id
  Handle sole;               // the only request its context had open since it last had none
  Handle replied;            // the request whose reply the context sent next
  Handle forward;            // event loop: what the thread had read when it made the call
  Handle backward;           // event loop: where the thread went on after it had read the answer
  bool own_context = false;  // not a thread: a goroutine, an asyncio task
  bool inherited = false;    // `sole` and `replied` are of the context's creator
  bool same_context = true;  // one context made the connection, sent, and read the answer
  bool overlapped = false;   // the context had another call under way
  bool alone = false;        // no other request was open in the process from the call to the reply
  bool several = false;      // forward: several things had been read
  bool weak = false;         // forward: the thread had acted on it before, or the answer freed the
                             // very connection that the call went out on
  bool contradictory = false;  // backward: to two requests, or to one that was not seen
  bool reused = false;         // not the first request of its connection
};

// How often two kinds of evidence agreed that should.
class Tally {
 public:
  void Add(bool agree) {
    ++(agree ? agree_ : conflict_);
    if (agree_ + conflict_ < kForget) return;
    agree_ /= 2;
    conflict_ /= 2;
  }

  // At least `least` comparisons agreed, and no more than one in `one_in` did not.
  bool Holds(uint32_t least, uint32_t one_in) const {
    return agree_ >= least && uint64_t{conflict_} * one_in <= agree_;
  }

  // Nothing speaks against it so far.
  bool Clean() const { return conflict_ == 0; }

  uint32_t agree() const { return agree_; }
  uint32_t conflict() const { return conflict_; }

 private:
  static constexpr uint32_t kForget = 8192;  // what was long ago counts half
  uint32_t agree_ = 0;
  uint32_t conflict_ = 0;
};

// What a process has shown of how it works, while it served several requests at once.
struct Traits {
  Tally threads;  // who sends a call reads its answer: not so where threads run goroutines
  Tally ticks;    // forward and backward evidence name the same request
  Tally replies;  // what was read before a reply has to do with its request
  Tally whole;    // replies whose request was seen
  Tally created;  // client connections that carried one request only
};

}  // namespace spanwire::trace::link
