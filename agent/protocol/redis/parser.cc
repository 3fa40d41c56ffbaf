// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/redis/parser.h"

#include <algorithm>

#include "agent/protocol/redis/boundary.h"
#include "agent/protocol/redis/redis.h"

namespace spanwire::protocol::redis {
namespace {

// Servers refuse longer lines.
constexpr size_t kMaxInline = size_t{64} << 10;

ParseOutput NeedMore(uint64_t want_bytes = 0) {
  return {.status = ParseStatus::kNeedMore, .want_bytes = want_bytes};
}
ParseOutput Lost(std::string_view why) { return {.status = ParseStatus::kLost, .reason = why}; }
ParseOutput Consumed(uint64_t size_bytes, uint64_t want_bytes = 0) {
  return {.status = ParseStatus::kConsumed, .consumed = size_bytes, .want_bytes = want_bytes};
}

bool IsCut(const ParseInput& input) { return input.bytes.size() < input.available; }

bool IsText(std::string_view line) {
  return std::ranges::all_of(
      line, [](char c) { return static_cast<uint8_t>(c) >= 0x20 || c == '\t' || c == '\r'; });
}

}  // namespace

std::unique_ptr<ProtocolParser> MakeParser(const ParserOptions& options) {
  return std::make_unique<Parser>(options);
}

size_t Parser::FindBoundary(const ParseInput& input) const {
  const bool begins =
      input.flow == Flow::kRequests ? BeginsRequest(input.bytes) : BeginsReply(input.bytes);
  return begins ? 0 : kNoBoundary;
}

void Parser::Reset(Flow flow, size_t waiting) {
  State(flow) = {};
  session_.Forget(waiting);
  unsubscribed_ = false;
  for (FlowState& state : flows_) state.guessed = true;
}

ParseOutput Parser::Parse(const ParseInput& input) {
  if (!begun_) session_.Begin(input.joined);
  begun_ = true;
  if (!invalid_.empty()) return Invalid(invalid_);
  const FlowState& state = State(input.flow);
  if (state.mode == Mode::kWithTurn) return TakeTurn(input);
  if (state.mode == Mode::kMessage || state.mode == Mode::kAside) return Continue(input);
  const bool idle = flows_[0].mode == Mode::kIdle && flows_[1].mode == Mode::kIdle;
  if (session_.replicates() && idle) return {.status = ParseStatus::kOpaque};
  if (input.available == 0) return NeedMore();
  if (input.bytes.empty()) return Lost(reason::kHeadNotCaptured);
  return input.flow == Flow::kRequests ? ParseRequest(input) : ParseReply(input);
}

ParseOutput Parser::ParseRequest(const ParseInput& input) {
  const size_t empty_lines = std::min(input.bytes.find_first_not_of("\r\n"), input.bytes.size());
  if (empty_lines > 0) return Consumed(empty_lines);
  return input.bytes.front() == '*' ? ParseArray(input) : ParseInline(input);
}

ParseOutput Parser::ParseInline(const ParseInput& input) {
  const std::string_view bytes = input.bytes.substr(0, kMaxInline);
  const size_t end = bytes.find('\n');
  if (!IsText(bytes.substr(0, end))) return NotRedis(Flow::kRequests);
  if (end == std::string_view::npos) {
    if (bytes.size() == kMaxInline) return NotRedis(Flow::kRequests);
    return IsCut(input) ? Lost(reason::kHeadNotCaptured) : NeedMore();
  }
  const Arguments arguments = Arguments::OfLine(bytes.substr(0, end));
  if (arguments.count() == 0) return Consumed(end + 1);
  const bool known = FindCommand(arguments.At(0)) != Command::kUnknown;
  if (!known && State(Flow::kRequests).guessed) return Lost(reason::kWrongGuess);
  return BeginRequest(arguments, end + 1, true);
}

ParseOutput Parser::ParseArray(const ParseInput& input) {
  FlowState& state = State(Flow::kRequests);
  state.scanner.Restart(ValueScanner::Dialect::kRequest);
  const auto step = state.scanner.Take(input.bytes, input.available);
  const bool invalid = step.status == ValueScanner::Status::kInvalid;
  if (invalid && step.consumed < kDescribedBytes) return NotRedis(Flow::kRequests);
  const bool complete = step.status == ValueScanner::Status::kDone;
  if (!complete && !IsCut(input) && step.consumed < kDescribedBytes) return NeedMore();

  const size_t seen = std::min<uint64_t>(step.consumed, input.bytes.size());
  const Arguments arguments = Arguments::OfArray(input.bytes.substr(0, seen));
  if (complete && arguments.count() == 0) return Consumed(step.consumed);
  // Too little of it was captured to tell what it is.
  if (seen < kDescribedBytes && arguments.At(0).empty()) {
    if (!complete || IsCut(input)) return Lost(reason::kHeadNotCaptured);
  }
  ParseOutput output = BeginRequest(arguments, step.consumed, complete);
  output.want_bytes = step.want_bytes;
  return output;
}

ParseOutput Parser::BeginRequest(const Arguments& arguments, uint64_t consumed, bool complete) {
  const Command command = FindCommand(arguments.At(0));
  message_.Clear();
  describer_.Request(arguments, command, message_);
  if (!session_.OnRequest(arguments, command, message_)) return Invalid(reason::kPipelineTooDeep);
  if (command == Command::kReplConf && session_.replicates()) {
    return {.status = ParseStatus::kOpaque};
  }
  FlowState& state = State(Flow::kRequests);
  state.guessed = false;
  state.mode = complete ? Mode::kIdle : Mode::kMessage;
  state.sole = session_.waiting() == 1 && State(Flow::kResponses).mode == Mode::kIdle;
  return {.status = ParseStatus::kHead,
          .consumed = consumed,
          .complete = complete,
          .message = &message_};
}

Expected Parser::WhoWaits() const {
  const Session::Sent* front = session_.front();
  Expected expected = {
      .any = front != nullptr, .monitors = session_.monitors(), .unsubscribed = unsubscribed_};
  if (front != nullptr && !front->queued) expected.command = front->command;
  if (flows_[static_cast<size_t>(Flow::kResponses)].mode == Mode::kBetween) {
    expected.any = true;
    expected.command = confirmed_;
  }
  return expected;
}

ParseOutput Parser::ParseReply(const ParseInput& input) {
  FlowState& state = State(Flow::kResponses);
  const ReplyKind kind = ClassifyReply(input.bytes, WhoWaits());
  if (kind == ReplyKind::kInvalid) return NotRedis(Flow::kResponses);
  if (kind == ReplyKind::kNeedMore) {
    return IsCut(input) ? Lost(reason::kHeadNotCaptured) : NeedMore();
  }
  if (kind == ReplyKind::kAside) {
    state.after_aside = state.mode;
    return BeginValue(input, Mode::kAside);
  }
  if (state.mode == Mode::kIdle) return BeginAnswer(input, kind);
  // Fewer confirmations than channels: an error, say, ended the command.
  if (kind != ReplyKind::kConfirmation) return End(Flow::kResponses, 0);
  return BeginValue(input, Mode::kMessage);
}

ParseOutput Parser::BeginAnswer(const ParseInput& input, ReplyKind kind) {
  FlowState& state = State(Flow::kResponses);
  const Session::Sent* front = session_.front();
  const bool known = front != nullptr;
  const bool confirms = known && kind == ReplyKind::kConfirmation;
  confirmed_ = confirms ? front->command : Command::kUnknown;
  confirmations_ = confirms ? front->answers : 1;
  unsubscribed_ = IsUnsubscription(confirmed_);
  message_.Clear();
  message_.kind = model::MessageKind::kResponse;
  if (kind == ReplyKind::kError) DescribeError(ErrorLine(input.bytes), message_);
  if (known) {
    session_.OnAnswer(kind == ReplyKind::kError, message_);
  } else {
    session_.OnStray();
  }
  state.sole = known && session_.waiting() == 0 && State(Flow::kRequests).mode == Mode::kIdle;
  state.guessed = !known;

  const bool string = input.bytes.front() == '$' || input.bytes.front() == '=';
  const size_t line_bytes = string ? input.bytes.find('\n') + 1 : 0;
  ParseOutput output = BeginValue(input, Mode::kMessage);
  if (output.status == ParseStatus::kInvalid || output.status == ParseStatus::kLost) return output;
  output.complete = output.status == ParseStatus::kEnd;
  output.status = ParseStatus::kHead;
  output.head_bytes = line_bytes;
  output.message = &message_;
  return output;
}

ParseOutput Parser::BeginValue(const ParseInput& input, Mode mode) {
  FlowState& state = State(input.flow);
  state.scanner.Restart(ValueScanner::Dialect::kReply);
  state.mode = mode;
  return Continue(input);
}

ParseOutput Parser::Continue(const ParseInput& input) {
  const auto step = State(input.flow).scanner.Take(input.bytes, input.available);
  switch (step.status) {
    case ValueScanner::Status::kInvalid:
      return step.consumed > 0 ? Consumed(step.consumed) : NotRedis(input.flow);
    case ValueScanner::Status::kDone: return EndValue(input.flow, step.consumed);
    case ValueScanner::Status::kMissing:
      return step.consumed > 0 ? Consumed(step.consumed) : OnMissing(input);
    case ValueScanner::Status::kNeedMore: break;
  }
  return step.consumed > 0 ? Consumed(step.consumed, step.want_bytes) : NeedMore(step.want_bytes);
}

ParseOutput Parser::EndValue(Flow flow, uint64_t consumed) {
  FlowState& state = State(flow);
  if (state.mode == Mode::kAside) {
    state.mode = state.after_aside;
    return Consumed(consumed);
  }
  if (flow == Flow::kRequests || --confirmations_ == 0) return End(flow, consumed);
  state.mode = Mode::kBetween;
  return Consumed(consumed);
}

ParseOutput Parser::OnMissing(const ParseInput& input) {
  FlowState& state = State(input.flow);
  const bool more_values = input.flow == Flow::kResponses && confirmations_ > 1;
  if (state.mode != Mode::kMessage || !state.sole || more_values) {
    return Lost(reason::kFramingNotCaptured);
  }
  state.mode = Mode::kWithTurn;
  state.guessed = true;
  return TakeTurn(input);
}

// Nothing is taken before the end of the turn is known: what comes after it looks the same.
ParseOutput Parser::TakeTurn(const ParseInput& input) {
  if (input.turn_remaining && *input.turn_remaining <= input.available) {
    return End(input.flow, *input.turn_remaining);
  }
  if (input.end_of_stream && !input.turn_remaining) return End(input.flow, input.available);
  return NeedMore();
}

ParseOutput Parser::End(Flow flow, uint64_t consumed) {
  State(flow).mode = Mode::kIdle;
  return {.status = ParseStatus::kEnd, .consumed = consumed, .message = &end_};
}

ParseOutput Parser::NotRedis(Flow flow) {
  return State(flow).guessed ? Lost(reason::kWrongGuess) : Invalid(reason::kNotRedis);
}

ParseOutput Parser::Invalid(std::string_view why) {
  invalid_ = why;
  return {.status = ParseStatus::kInvalid, .reason = why};
}

}  // namespace spanwire::protocol::redis
