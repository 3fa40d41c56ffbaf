// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "agent/model/message.h"

namespace spanwire::protocol {

// The two byte streams of a connection, named by what they carry.
enum class Flow : uint8_t { kRequests = 0, kResponses = 1 };

// What a parser may look at: the front of one flow.
struct ParseInput {
  Flow flow = Flow::kRequests;
  std::string_view bytes = {};  // captured bytes at the front, contiguous; may be empty
  uint64_t available = 0;  // bytes known to have passed from the front on, captured or only counted
  uint64_t offset = 0;     // stream offset of the front
  bool end_of_stream = false;  // nothing follows `available`: EOF, FIN, reset
  bool joined = false;         // the connection is older than what was seen of it
  // Bytes from the front to the end of the present turn, once that turn is known to be over (the
  // connection has since changed direction). Lets a half-duplex parser close a message whose own
  // framing was not captured.
  std::optional<uint64_t> turn_remaining = {};
};

enum class ParseStatus : uint8_t {
  kNeedMore,  // nothing to take until more bytes, an end of stream or an end of turn arrive
  kConsumed,  // took `consumed` bytes (> 0), nothing to report
  kHead,      // a message began; `message` describes it. With `complete` it also ended; then it may
          // take no bytes at all, where what came before implies it (an answer that is left out).
  kEnd,      // the message of this flow that was open ended; `message` holds what its end added:
             // attributes, a name or an outcome where its head had none. `consumed` is 0 when its
             // last byte was taken before.
  kLost,     // framing is lost because a needed byte was not captured: Reset(), then resynchronise
             // at a boundary in bytes that come later
  kInvalid,  // these bytes are not this protocol; `reason` says why. Pairing ends here.
  kOpaque,   // the rest of the connection is another protocol (tunnel, upgrade); count only
};

// One step of parsing.
struct ParseOutput {
  ParseStatus status = ParseStatus::kNeedMore;
  uint64_t consumed = 0;  // bytes to take off the front; <= available, may exceed bytes.size() for
                          // content whose bytes are of no interest
  uint64_t head_bytes = 0;  // kHead: bytes of `consumed` that had to be seen; 0: all of them
  bool complete = false;    // kHead: the message is also complete
  model::Message* message = nullptr;  // kHead, kEnd: owned by the parser, valid until the next
                                      // call. kHead: the receiver may swap the contents out of it.
  std::string_view reason = {};       // kInvalid, kLost: static text, snake_case: a counter's name
  uint64_t want_bytes = 0;  // kNeedMore, kConsumed: content that still follows and is of no
                            // interest: the kernel need not copy it; 0 = unknown
};

// Parses both flows of one connection. Pure: bytes in, messages out; no clocks, no system calls, no
// globals. Called by one thread. Never trusts a length in the bytes.
class ProtocolParser {
 public:
  virtual ~ProtocolParser() = default;

  // What one flow may take can depend on the other (a tunnel is opened by the answer): when a call
  // took something, the other flow's front is worth another call, even without new bytes.
  virtual ParseOutput Parse(const ParseInput& input) = 0;

  // Position in input.bytes where a message plausibly begins, npos when none does. Used to join a
  // connection in mid-stream and after a gap; a wrong boundary is worse than none.
  virtual size_t FindBoundary(const ParseInput& input) const = 0;

  // Bytes of `flow` were lost: forget the message that was open there and what followed from it. Of
  // the requests parsed so far, only the newest `waiting` are still to be answered.
  virtual void Reset(Flow flow, size_t waiting = 0) = 0;
};

inline constexpr size_t kNoBoundary = std::string_view::npos;

// Whether the first bytes of a flow belong to a protocol.
enum class Match : uint8_t {
  kNo,
  kNeedMore,  // could still be
  kRequests,  // yes, and these are requests: this flow goes to the server
  kResponses,
};

// What becomes of the text of database queries (`db.query.text`).
enum class QueryText : uint8_t {
  kNormalized,  // every literal is `?`
  kRaw,         // as sent, less what looks like a secret
  kOff,         // left out; summaries stay
};

// What the user chose about the contents of messages.
struct ParserOptions {
  QueryText query_text = QueryText::kNormalized;
};

// A protocol: how to recognise it and how to parse it. Adding one is a folder with a spec and a
// line in registry.cc.
struct ProtocolSpec {
  std::string_view name;  // `network.protocol.name` or the like: "http"
  Match (*detect)(std::string_view bytes);
  std::unique_ptr<ProtocolParser> (*make)(const ParserOptions& options);
  // Where a message ends can only be found in its content, so content has to be captured too.
  bool framed_by_content = false;
};

}  // namespace spanwire::protocol
