// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/tracked_connection.h"

namespace spanwire::connection {
namespace {

// More than any protocol needs to be recognised.
constexpr size_t kLookBytes = 16'384;

protocol::Flow FlowOfMatch(protocol::Match match) {
  return match == protocol::Match::kRequests ? protocol::Flow::kRequests
                                             : protocol::Flow::kResponses;
}

bool Matches(protocol::Match match) {
  return match == protocol::Match::kRequests || match == protocol::Match::kResponses;
}

}  // namespace

// True once the protocol is known.
bool TrackedConnection::Detect(bool force) {
  joined_ = joined_ || flows_[0].stream.HoleFollows() || flows_[1].stream.HoleFollows() ||
            !missed_.empty();
  if (joined_) return DetectJoined(force);
  for (const auto direction : {model::Direction::kTransmit, model::Direction::kReceive}) {
    if (DetectFresh(direction)) return true;
    if (mode_ != Mode::kDetecting) return false;
  }
  return false;
}

// The very first bytes of a direction decide.
bool TrackedConnection::DetectFresh(model::Direction direction) {
  const FlowState& flow = FlowOf(direction);
  if (Visible(flow) == 0) return false;
  const std::string_view front = flow.stream.Front();
  bool wait = false;
  for (size_t i = 0; i < shared_.protocols.size() && !front.empty(); ++i) {
    const protocol::Match match = MatchOf(i, front, direction);
    if (Matches(match)) {
      const bool requests = match == protocol::Match::kRequests;
      Adopt(i, requests ? direction : model::Opposite(direction));
      return true;
    }
    wait = wait || match == protocol::Match::kNeedMore;
  }
  const bool more_may_come = front.size() == flow.stream.Available() && front.size() < kLookBytes;
  if (!wait || !more_may_come) StopParsing(shared_.stream.undetected, model::Ending::kLost);
  return false;
}

// Any turn may begin with a message. Goes through the turns of both directions in their order, so
// that what is passed over lies before what is parsed afterwards.
bool TrackedConnection::DetectJoined(bool force) {
  std::array<bool, 2> ready{true, true};
  while (FlowState* flow = NextFlow(ready, force)) {
    const bool second = flow == &flows_[1];
    const bool starts_turn = flow->stream.StartsTurn();
    if (starts_turn && MatchJoined(static_cast<model::Direction>(second))) return true;
    if (starts_turn && MayBecomeMessage(*flow, force)) {
      ready[second] = false;
      continue;
    }
    attempts_ += starts_turn ? 1 : 0;
    SkipUndetected(*flow);
  }
  if (attempts_ >= shared_.limits.detect_turns) {
    StopParsing(shared_.stream.undetected, model::Ending::kLost);
  }
  return false;
}

// What a flow looks like, less what it cannot be: whoever opened a connection sends its requests.
protocol::Match TrackedConnection::MatchOf(size_t spec, std::string_view bytes,
                                           model::Direction direction) const {
  const protocol::Match match = shared_.protocols[spec].detect(bytes);
  if (!Matches(match) || info_.role == model::Role::kUnknown) return match;
  const bool requests = match == protocol::Match::kRequests;
  const bool to_server =
      (direction == model::Direction::kTransmit) == (info_.role == model::Role::kClient);
  return requests == to_server ? match : protocol::Match::kNo;
}

void TrackedConnection::SkipUndetected(FlowState& flow) {
  if (flow.stream.Available() == 0) {
    shared_.stream.Pass(flow.stream.SkipHole(), shared_.stream.hole);
  } else {
    shared_.stream.Lose(flow.stream.SkipPiece(), shared_.stream.undetected);
  }
}

bool TrackedConnection::MatchJoined(model::Direction direction) {
  protocol::ParseInput input = InputOf(FlowOf(direction));
  for (size_t i = 0; i < shared_.protocols.size() && !input.bytes.empty(); ++i) {
    const protocol::Match match = MatchOf(i, input.bytes, direction);
    if (!Matches(match)) continue;
    input.flow = FlowOfMatch(match);
    if (shared_.probes[i]->FindBoundary(input) != 0) continue;
    const bool requests = match == protocol::Match::kRequests;
    Adopt(i, requests ? direction : model::Opposite(direction));
    return true;
  }
  return false;
}

void TrackedConnection::Adopt(size_t spec, model::Direction requests) {
  protocol_ = shared_.protocols[spec].name;
  parser_ = shared_.protocols[spec].make(shared_.parsing);
  requests_ = requests;
  mode_ = Mode::kParsing;
  if (shared_.protocols[spec].framed_by_content) {
    budget_.OnFramedContent(true);
    budget_.OnFramedContent(false);
  }
  info_.joined = info_.joined || joined_;
  settled_ = !joined_;
  for (FlowState& flow : flows_) flow.seeking = joined_;
}

}  // namespace spanwire::connection
