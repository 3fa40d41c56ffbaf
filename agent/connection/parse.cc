// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "agent/connection/tracked_connection.h"

namespace spanwire::connection {
namespace {

using protocol::ParseOutput;
using protocol::ParseStatus;

// A turn that shows no message within this much does not begin with one.
constexpr size_t kSeekBytes = 16'384;

bool IsLater(uint32_t turn, uint32_t than) { return static_cast<int32_t>(turn - than) > 0; }

}  // namespace

// Parses what there is, turn by turn, as if each turn had been parsed when it came. While something
// may still be missing, nothing is parsed at all; `force`: what is missing now is lost.
void TrackedConnection::Pump(bool force) {
  if (force) missed_.StopWaiting();
  if (force || !HolePending()) {
    do {
      PumpTurn(force);
    } while (AdvanceHorizon());
  }
  WatchHole();
}

void TrackedConnection::PumpTurn(bool force) {
  if (mode_ == Mode::kDetecting && !Detect(force)) return;
  std::array<bool, 2> ready{true, true};
  while (mode_ == Mode::kParsing) {
    FlowState* flow = NextFlow(ready, force);
    if (flow == nullptr) return;
    // What one flow may take can depend on what the other took.
    if (Step(*flow, force)) {
      ready = {true, true};
    } else {
      ready[flow == &flows_[1]] = false;
    }
  }
}

// On to the next turn of which something is here. False when all is parsed.
bool TrackedConnection::AdvanceHorizon() {
  if (!IsLater(newest_turn_, horizon_)) return false;
  uint32_t next = newest_turn_;
  for (const FlowState& flow : flows_) {
    const auto turn = flow.stream.NextTurn(horizon_);
    if (turn && IsLater(next, *turn)) next = *turn;
  }
  horizon_ = next;
  return true;
}

bool TrackedConnection::HoleIsDue(const FlowState& flow) const {
  return flow.stream.HoleFollows() && !IsLater(flow.stream.TurnBehindHole(), horizon_);
}

FlowState* TrackedConnection::NextFlow(const std::array<bool, 2>& ready, bool force) {
  FlowState* next = nullptr;
  for (size_t i = 0; i < flows_.size(); ++i) {
    FlowState& flow = flows_[i];
    if (!ready[i] || (flow.stream.Empty() && !flow.message_open)) continue;
    const bool work = Visible(flow) > 0 || (flow.message_open && TurnOver(flow)) ||
                      (force && flow.stream.Available() == 0 && HoleIsDue(flow));
    if (!work) continue;
    if (next == nullptr || IsLater(next->stream.FrontTurn(), flow.stream.FrontTurn())) next = &flow;
  }
  return next;
}

// One step of one flow. False when it can do nothing before more arrives.
bool TrackedConnection::Step(FlowState& flow, bool force) {
  if (flow.stream.Available() == 0 && flow.stream.HoleFollows()) {
    DropHole(flow);
    return true;
  }
  if (flow.stream.Available() > 0) NoteParsedTurn(flow, flow.stream.FrontTurn());
  return flow.seeking ? Seek(flow, force) : Advance(flow, force);
}

// A turn without bytes was lost, and with it bytes of the other direction.
void TrackedConnection::NoteParsedTurn(FlowState& flow, uint32_t turn) {
  if (missed_.empty() || !missed_.RemoveUpTo(turn)) return;
  LoseSync(&flow == &flows_[0] ? flows_[1] : flows_[0], turn);
}

bool TrackedConnection::Seek(FlowState& flow, bool force) {
  if (flow.stream.StartsTurn()) {
    const protocol::ParseInput input = InputOf(flow);
    if (!input.bytes.empty() && parser_->FindBoundary(input) == 0) {
      flow.seeking = false;
      return true;
    }
    if (MayBecomeMessage(flow, force)) return false;
  }
  return DropPiece(flow);
}

// The turn at the front begins with no message so far, but bytes to come may make it one.
bool TrackedConnection::MayBecomeMessage(const FlowState& flow, bool force) const {
  const size_t captured = flow.stream.Front().size();
  if (captured < flow.stream.Available() || captured >= kSeekBytes) return false;
  return !TurnOver(flow) && !(force && HoleIsDue(flow));
}

bool TrackedConnection::Advance(FlowState& flow, bool force) {
  const protocol::ParseInput input = InputOf(flow);
  ParseOutput output = parser_->Parse(input);
  output.consumed = std::min(output.consumed, input.available);
  switch (output.status) {
    case ParseStatus::kNeedMore: return OnNeedMore(flow, output, force);
    case ParseStatus::kConsumed: return OnConsumed(flow, output);
    case ParseStatus::kHead: return OnHead(flow, output);
    case ParseStatus::kEnd: return OnEnd(flow, output);
    case ParseStatus::kLost: budget_.OnLost(); return DropPiece(flow);
    case ParseStatus::kInvalid:
      StopParsing(shared_.stream.stage.Drop(output.reason),
                  IsRequests(flow) || info_.transport == model::Transport::kUnix
                      ? model::Ending::kLost  // UNIX: bytes may have been spliced away unseen
                      : model::Ending::kInvalid);
      return false;
    case ParseStatus::kOpaque:
      StopParsing(shared_.stream.opaque, model::Ending::kLost);
      return false;
  }
  return false;
}

bool TrackedConnection::OnConsumed(FlowState& flow, const ParseOutput& output) {
  if (flow.message_open && output.want_bytes == 0) budget_.OnFramedContent(IsRequests(flow));
  Take(flow, output.consumed);
  return output.consumed > 0;
}

bool TrackedConnection::OnNeedMore(FlowState& flow, const ParseOutput& output, bool force) {
  if (flow.message_open && output.want_bytes == 0) budget_.OnFramedContent(IsRequests(flow));
  return force && HoleIsDue(flow) && DropPiece(flow);
}

bool TrackedConnection::OnHead(FlowState& flow, const ParseOutput& output) {
  const bool implied = output.consumed == 0 && output.complete && flow.stream.Available() > 0;
  if ((output.consumed == 0 && !implied) || output.message == nullptr) return false;
  const uint64_t begin = flow.stream.offset();
  const uint64_t end = begin + output.consumed;
  const ByteStream::Origin first = flow.stream.OriginOf(begin);
  model::MessagePosition at;
  at.begin_offset = begin;
  at.end_offset = end;
  at.sequence = first.sequence;
  at.first_ns = first.time_ns;
  const ByteStream::Origin last = implied ? first : flow.stream.OriginOf(end - 1);
  at.last_ns = last.time_ns;
  at.last_who = last.who;
  at.wait_ns = first.wait_ns;
  at.who = first.who;
  at.complete = output.complete;
  const bool is_client = requests_ == model::Direction::kTransmit;
  const bool starts_turn = flow.stream.StartsTurn();
  const MessagePairer::Head head{*output.message, at,         info_,      protocol_,
                                 is_client,       first.turn, starts_turn};
  flow.message_open = !output.complete;
  flow.message_begin = begin;
  flow.message_stream = output.message->stream;
  Take(flow, output.consumed);
  if (IsRequests(flow)) {
    if (output.complete) budget_.OnRequestSize(output.consumed);
    OnRequestHead(flow, head);
  } else {
    budget_.OnResponseHead(output.head_bytes > 0 ? output.head_bytes : output.consumed);
    OnResponseHead(flow, head);
  }
  return true;
}

void TrackedConnection::OnRequestHead(FlowState& flow, const MessagePairer::Head& head) {
  if (pairer_.WaitsSince(head.turn)) budget_.OnPipelined();
  const bool may_pair = MayPair(head);
  settled_ = settled_ || may_pair;
  flow.paired = may_pair;
  if (!info_.network) {
    info_.network = std::make_shared<const model::AttributeList>(
        model::NetworkAttributes(info_, head.is_client));
  }
  pairer_.BeginRequest(head, !may_pair);
  budget_.OnRequest(head.is_client);
  if (pairer_.open() > shared_.limits.max_open_exchanges && pairer_.EvictOldest()) ++owed_;
}

void TrackedConnection::OnResponseHead(FlowState& flow, const MessagePairer::Head& head) {
  const bool final = head.message.kind != model::MessageKind::kInterim;
  const uint64_t stream = head.message.stream;
  flow.paired = pairer_.BeginResponse(head, owed_ > 0);
  if (final && owed_ > 0) --owed_;
  if (!head.at.complete || !final || !flow.paired) return;
  const MessagePairer::End end{stream, nullptr, head.at.end_offset, head.at.last_ns,
                               head.at.last_who};
  OnResponseEnd(end);
}

bool TrackedConnection::OnEnd(FlowState& flow, const ParseOutput& output) {
  if (output.consumed == 0 && !flow.message_open) return false;
  Take(flow, output.consumed);
  MessagePairer::End end;
  end.stream = output.message != nullptr ? output.message->stream : flow.message_stream;
  end.message = output.message;
  end.offset = flow.stream.offset();
  end.time_ns = flow.last_ns;
  end.who = flow.last_who;
  flow.message_open = false;
  if (IsRequests(flow)) budget_.OnRequestSize(end.offset - flow.message_begin);
  if (!flow.paired) return true;
  if (IsRequests(flow)) {
    pairer_.EndRequest(end);
  } else {
    OnResponseEnd(end);
  }
  return true;
}

void TrackedConnection::OnResponseEnd(const MessagePairer::End& end) {
  if (FlowOf(requests_).message_open) budget_.OnEarlyAnswer();
  if (!pairer_.EndResponse(end)) return;
  budget_.OnExchange();
  if (end.stream == 0 && pairer_.unanswered() > 0) budget_.OnPipelined();
}

void TrackedConnection::Take(FlowState& flow, uint64_t size_bytes) {
  if (size_bytes == 0) return;
  const ByteStream::Origin last = flow.stream.OriginOf(flow.stream.offset() + size_bytes - 1);
  flow.last_ns = last.time_ns;
  flow.last_who = last.who;
  // A message may begin in one turn and end in a later one, with turns of the other flow between.
  NoteParsedTurn(flow, last.turn);
  flow.stream.Consume(size_bytes);
  shared_.stream.Consume(size_bytes);
}

// The rest of the record at the front is of no use: it may hold a request, or the answer to one
// that was asked before.
bool TrackedConnection::DropPiece(FlowState& flow) {
  const uint32_t turn = flow.stream.FrontTurn();
  const uint64_t passed = flow.stream.SkipPiece();
  if (passed == 0) return false;
  shared_.stream.Lose(passed, shared_.stream.gap);
  LoseSync(flow, turn);
  return true;
}

// Where a direction goes on with a whole turn, the request of the turn before was asked after the
// hole.
void TrackedConnection::DropHole(FlowState& flow) {
  shared_.stream.Pass(flow.stream.SkipHole(), shared_.stream.hole);
  LoseSync(flow, flow.stream.FrontTurn() - (flow.stream.StartsTurn() ? 1 : 0));
}

// Bytes of `flow` are lost that passed before the end of `turn`: what was asked before it may be
// answered there, and the flow goes on at the next turn that begins with a message.
void TrackedConnection::LoseSync(FlowState& flow, uint32_t turn) {
  const size_t waiting = pairer_.unanswered();
  LosePairing(turn);
  if (!flow.seeking || pairer_.unanswered() != waiting) {
    parser_->Reset(IsRequests(flow) ? protocol::Flow::kRequests : protocol::Flow::kResponses,
                   pairer_.unanswered());
  }
  flow.seeking = true;
  flow.message_open = false;
}

// Nothing is paired across a gap.
void TrackedConnection::LosePairing(uint32_t turn) {
  if (budget_.pipelined()) {
    pairer_.EndAll(model::Ending::kLost, 0, 0);
  } else {
    pairer_.LoseBefore(turn);
  }
  settled_ = pairer_.unanswered() > 0;
  owed_ = 0;
  if (settled_) return;
  for (FlowState& flow : flows_) flow.paired = false;
}

void TrackedConnection::StopParsing(Counter& reason, model::Ending ending) {
  pairer_.EndAll(ending, 0, 0);
  for (FlowState& flow : flows_) flow.message_open = false;
  mode_ = Mode::kCounting;
  discard_ = &reason;
  DropAll(reason);
  budget_.CountOnly();
}

bool TrackedConnection::MayPair(const MessagePairer::Head& request) const {
  if (settled_) return true;
  if (!request.starts_turn) return false;
  if (!budget_.pipelined()) return true;
  return request.at.first_ns > quiet_before_ns_ &&
         request.at.first_ns - quiet_before_ns_ >= shared_.limits.pipelined_quiet_ns;
}

protocol::ParseInput TrackedConnection::InputOf(const FlowState& flow) const {
  protocol::ParseInput input;
  input.flow = IsRequests(flow) ? protocol::Flow::kRequests : protocol::Flow::kResponses;
  input.available = Visible(flow);
  input.bytes = flow.stream.Front().substr(0, input.available);
  input.offset = flow.stream.offset();
  input.joined = joined_;
  input.end_of_stream =
      flow.ended && !flow.stream.HoleFollows() && input.available == flow.stream.Available();
  input.turn_remaining = flow.stream.TurnRemaining(horizon_);
  return input;
}

}  // namespace spanwire::connection
