// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "agent/base/time.h"
#include "agent/model/attribute.h"
#include "agent/model/connection.h"
#include "agent/model/event.h"
#include "agent/model/process.h"

namespace spanwire::model {

// A trace context, from a header.
struct TraceContext {
  std::array<uint8_t, 16> trace_id{};
  std::array<uint8_t, 8> span_id{};
  uint8_t flags = 0;  // W3C trace-flags
  bool valid = false;
  std::string_view source;  // the header's format: "traceparent", "b3", …; static
  std::string trace_state;  // verbatim `tracestate`
};

enum class MessageKind : uint8_t {
  kRequest,
  kResponse,
  kInterim,  // an answer before the final one (HTTP 1xx); belongs to the open request
  kOneWay,   // a request that nobody answers: it ends with its own last byte
};

enum class Outcome : uint8_t { kUnset, kError };

// One message as a parser saw it. Attribute keys are OpenTelemetry's, values already redacted by
// the parser where a convention says so; the Redactor in trace/ goes over all of them again.
struct Message {
  MessageKind kind = MessageKind::kRequest;
  uint64_t stream = 0;  // multiplexed protocols: which exchange; 0 = in order
  std::string name;     // span name that a request suggests, e.g. "GET"
  AttributeList attributes;
  TraceContext context;                      // request: the caller's, from its headers
  uint64_t request_id = 0;                   // request: hash of an id handed on as it is; 0: none
  Outcome client_outcome = Outcome::kUnset;  // response: status of a CLIENT span
  Outcome server_outcome = Outcome::kUnset;  // and of a SERVER span
  std::string error_type;                    // response: `error.type` where the outcome is an error

  void Clear();
  void Swap(Message& other) noexcept;
};

// Where and when a message passed.
struct MessagePosition {
  uint64_t begin_offset = 0;
  uint64_t end_offset = 0;  // one past the last byte; begin_offset while unknown
  uint32_t sequence = 0;    // TCP sequence number of the first byte
  Nanoseconds first_ns = 0;
  Nanoseconds last_ns = 0;
  Nanoseconds wait_ns = 0;    // received messages: how long the first bytes waited in the socket
  ExecutionContext who;       // did the first operation
  ExecutionContext last_who;  // did the last one that is known
  bool complete = false;      // its end was seen
};

// How an exchange ended.
enum class Ending : uint8_t {
  kAnswered,
  kReset,      // connection reset before the answer was complete
  kClosed,     // connection closed before the answer was complete
  kTimedOut,   // no answer within the time-out, or ETIMEDOUT
  kStillOpen,  // the agent stopped first
  kLost,       // bytes of the answer were not captured, what it was is unknown
  kInvalid,    // what came back is not an answer of the protocol
  kEvicted,    // memory bound
};

// A request and its answer: what becomes a span. Views and references live for the call that hands
// it over.
struct Exchange {
  const Connection* connection = nullptr;
  // Who did the request's first operation; null when nothing was told of that pid.
  std::shared_ptr<const Process> process;
  bool is_client = false;     // this end sent the request
  uint64_t ordinal = 0;       // its place among the requests of this end of the connection
  std::string_view protocol;  // name of the ProtocolSpec
  Message request;
  MessagePosition request_at;
  Message response;  // empty when has_response is false
  MessagePosition response_at;
  bool has_response = false;
  Nanoseconds interim_ns = 0;  // first interim response; 0 = none
  Ending ending = Ending::kAnswered;
  Nanoseconds ended_ns = 0;  // when it ended, whatever the ending
  uint16_t error = 0;        // errno behind kReset and the like
};

// What happened between an exchange's request and its end, or before it: evidence of who did what
// when.
enum class StepKind : uint8_t {
  kConnect,     // connect() was called; the exchange is the first of that connection
  kRequestEnd,  // the last byte of a request that was not complete at OnRequest()
  kResponse,    // the response's head
  kStray,       // a response to a request that was not seen
};

struct Step {
  StepKind kind = StepKind::kConnect;
  bool is_client = false;
  ConnectionId connection = 0;
  uint64_t ordinal = 0;  // see Exchange; kStray: unknown
  Nanoseconds time_ns = 0;
  ExecutionContext who;
};

// Takes what pairing produces, in the order in which it became known.
//
// Whatever a sink remembers of a request until it ends, it keeps itself: the calls may come from
// another thread than the one that pairs, and later. An exchange is named by its connection's id
// and its ordinal.
class ExchangeSink {
 public:
  virtual ~ExchangeSink() = default;

  // A request was recognised at one end of a connection. Comes before any OnExchange() of it and
  // lets the other end of a local hop know that this end will become a span. Of `exchange`, these
  // are set: connection, process, is_client, ordinal, protocol, request and request_at.
  virtual void OnRequest(const Exchange& exchange) = 0;

  virtual void OnStep(const Step& step) = 0;

  // The exchange ended: comes once for each OnRequest(). Its messages may be swapped out.
  virtual void OnExchange(Exchange& exchange) = 0;
};

}  // namespace spanwire::model
