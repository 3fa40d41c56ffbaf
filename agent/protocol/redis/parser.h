// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "agent/model/message.h"
#include "agent/protocol/parser.h"
#include "agent/protocol/redis/arguments.h"
#include "agent/protocol/redis/describe.h"
#include "agent/protocol/redis/reply.h"
#include "agent/protocol/redis/session.h"
#include "agent/protocol/redis/value_scanner.h"

namespace spanwire::protocol::redis {

// Why a connection's pairing ended (ParseStatus::kInvalid).
namespace reason {
inline constexpr std::string_view kNotRedis = "not_redis";
inline constexpr std::string_view kPipelineTooDeep = "pipeline_too_deep";
// Why framing was lost (ParseStatus::kLost).
inline constexpr std::string_view kHeadNotCaptured = "head_not_captured";
inline constexpr std::string_view kFramingNotCaptured = "framing_not_captured";
inline constexpr std::string_view kWrongGuess = "wrong_guess";
}  // namespace reason

// Both flows of a connection to Redis.
//
// A request is reported when it is complete or its first kDescribedBytes are there, an answer when
// its first line is. Contents of strings need not be captured; where a byte of framing was not, a
// message that is alone on the connection ends with its turn. What a server sends unasked is taken
// and not reported. (UN)SUBSCRIBE ends with its last confirmation. After SYNC, PSYNC and the like
// the connection is opaque.
class Parser final : public ProtocolParser {
 public:
  explicit Parser(const ParserOptions& options) : describer_(options) {}

  ParseOutput Parse(const ParseInput& input) override;
  size_t FindBoundary(const ParseInput& input) const override;
  void Reset(Flow flow, size_t waiting) override;

 private:
  enum class Mode : uint8_t {
    kIdle,
    kMessage,   // in a value of the open message
    kBetween,   // the open message has more values: confirmations
    kAside,     // in a value that is nobody's answer
    kWithTurn,  // the open message ends with its turn
  };
  struct FlowState {
    ValueScanner scanner;
    Mode mode = Mode::kIdle;
    Mode after_aside = Mode::kIdle;
    bool sole = false;  // the open message is alone on the connection
    // The next message's beginning rests on a guess: bytes that are none are loss, not proof.
    bool guessed = false;
  };

  FlowState& State(Flow flow) { return flows_[static_cast<size_t>(flow)]; }
  ParseOutput ParseRequest(const ParseInput& input);
  ParseOutput ParseInline(const ParseInput& input);
  ParseOutput ParseArray(const ParseInput& input);
  ParseOutput BeginRequest(const Arguments& arguments, uint64_t consumed, bool complete);
  ParseOutput ParseReply(const ParseInput& input);
  ParseOutput BeginAnswer(const ParseInput& input, ReplyKind kind);
  ParseOutput BeginValue(const ParseInput& input, Mode mode);
  ParseOutput Continue(const ParseInput& input);
  ParseOutput EndValue(Flow flow, uint64_t consumed);
  ParseOutput OnMissing(const ParseInput& input);
  ParseOutput TakeTurn(const ParseInput& input);
  ParseOutput End(Flow flow, uint64_t consumed);
  ParseOutput NotRedis(Flow flow);
  ParseOutput Invalid(std::string_view why);
  Expected WhoWaits() const;

  std::array<FlowState, 2> flows_;
  Session session_;
  Describer describer_;
  model::Message message_;
  model::Message end_;                     // ends add nothing
  std::string_view invalid_;               // set: stays so
  Command confirmed_ = Command::kUnknown;  // kBetween: whose confirmations
  uint64_t confirmations_ = 0;             // of the open answer that are still to end
  bool unsubscribed_ = false;              // see Expected
  bool begun_ = false;
};

}  // namespace spanwire::protocol::redis
