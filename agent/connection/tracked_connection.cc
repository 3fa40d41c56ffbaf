// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/tracked_connection.h"

#include <cerrno>

#include <algorithm>

#include "spanwire/abi.h"

namespace spanwire::connection {
namespace {

bool IsLater(uint32_t turn, uint32_t than) { return static_cast<int32_t>(turn - than) > 0; }

model::Ending EndingOf(uint16_t error) {
  switch (error) {
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE: return model::Ending::kReset;
    case ETIMEDOUT: return model::Ending::kTimedOut;
    default: return model::Ending::kClosed;
  }
}

}  // namespace

TrackedConnection::TrackedConnection(Shared& shared, const model::Connection& connection,
                                     Nanoseconds now)
    : shared_(shared),
      flows_{FlowState(shared.limits.connection_bytes / 2),
             FlowState(shared.limits.connection_bytes / 2)},
      pairer_(shared),
      budget_(connection.id, *shared.policies),
      joined_(connection.joined),
      settled_(!connection.joined),
      last_event_ns_(now) {
  Describe(connection);
  if (connection.transport == model::Transport::kUdp) {
    mode_ = Mode::kCounting;
    discard_ = &shared.stream.not_stream;
  }
}

void TrackedConnection::OnData(const model::DataEvent& event) {
  quiet_before_ns_ = last_event_ns_;
  last_event_ns_ = std::max(last_event_ns_, event.time_ns);
  if (event.prior.length > 0) AddPrior(event);
  if (event.length > 0) AddPiece(event);
  if (mode_ != Mode::kCounting) {
    const bool expired =
        waits_for_hole_ && last_event_ns_ - hole_since_ns_ > shared_.limits.hole_wait_ns;
    Pump(expired);
  }
  if ((event.flags & SPANWIRE_DATA_EOF) != 0) EndFlow(event.direction, event.time_ns);
  if ((event.flags & SPANWIRE_DATA_ERROR) != 0) OnError(event);
  Account();
}

void TrackedConnection::AddPrior(const model::DataEvent& event) {
  ByteStream::Piece piece;
  piece.offset = event.prior.offset;
  piece.length = event.prior.length;
  piece.turn = event.prior.turn;
  piece.time_ns = event.prior.end_ns;
  AddTo(FlowOf(model::Opposite(event.direction)), piece);
}

void TrackedConnection::AddPiece(const model::DataEvent& event) {
  if ((event.flags & (SPANWIRE_DATA_OOB | SPANWIRE_DATA_DATAGRAM)) != 0) {
    shared_.stream.Pass(event.length, shared_.stream.not_stream);
    return;
  }
  ByteStream::Piece piece;
  piece.offset = event.offset;
  piece.length = event.length;
  piece.bytes = event.bytes;
  piece.turn = event.turn;
  piece.sequence = event.sequence;
  piece.starts_turn = (event.flags & SPANWIRE_DATA_TURN_START) != 0;
  piece.time_ns = event.time_ns;
  piece.wait_ns = event.wait_ns;
  piece.took_ns = event.took_ns;
  piece.who = event.who;
  AddTo(FlowOf(event.direction), piece);
}

void TrackedConnection::AddTo(FlowState& flow, const ByteStream::Piece& piece) {
  if (mode_ == Mode::kCounting) {
    shared_.stream.Pass(piece.length, *discard_);
    return;
  }
  // TCP's FIN takes a place in the sequence space; on a closed socket the kernel cannot tell
  // whether there was one and may count it.
  if (flow.ended && piece.length == 1 && piece.bytes.empty()) return;
  if (!flow.started && joined_) flow.stream.StartAt(piece.offset);
  flow.started = true;
  NoteTurn(piece.turn);
  flow.turn_bytes = (flow.turn == piece.turn ? flow.turn_bytes : 0) + piece.length;
  flow.turn = piece.turn;
  flow.cut = piece.bytes.size() < piece.length;
  const auto appended = flow.stream.AppendBorrowed(piece);
  shared_.stream.Hold(appended.added);
  if (appended.added < piece.length) {
    shared_.stream.Pass(piece.length - appended.added, shared_.stream.duplicate);
  }
}

// Turns count the connection's changes of direction, so each has bytes: where one never showed up,
// its records were lost, even before an offset tells.
void TrackedConnection::NoteTurn(uint32_t turn) {
  if (!turn_known_) {
    turn_known_ = true;
    newest_turn_ = horizon_ = turn;
    return;
  }
  if (!IsLater(turn, newest_turn_)) {
    missed_.Remove(turn);
    return;
  }
  if (turn != newest_turn_ + 1) missed_.Add(newest_turn_ + 1, turn - 1);
  newest_turn_ = turn;
}

void TrackedConnection::OnError(const model::DataEvent& event) {
  // A peer that answered early and closed makes our sends fail: its answer can still be read.
  if (event.error == EPIPE) error_ = EPIPE;
  if (event.error != ECONNRESET && event.error != ETIMEDOUT && event.error != ECONNABORTED) return;
  error_ = event.error;
  FlowOf(event.direction).ended = true;
  pairer_.EndAll(EndingOf(event.error), event.error, event.time_ns);
}

void TrackedConnection::EndFlow(model::Direction direction, Nanoseconds now) {
  FlowOf(direction).ended = true;
  if (mode_ == Mode::kCounting) return;
  Pump(true);
  // No answer can follow any more.
  if (mode_ == Mode::kParsing && direction != requests_) {
    pairer_.EndAll(EndingOf(error_), error_, now);
  }
}

void TrackedConnection::OnLocalFin(Nanoseconds now) {
  last_event_ns_ = std::max(last_event_ns_, now);
  local_fin_ = true;
  EndFlow(model::Direction::kTransmit, now);
  Account();
}

void TrackedConnection::OnClosed(Nanoseconds now, uint16_t error) {
  closed_ns_ = now;
  last_event_ns_ = std::max(last_event_ns_, now);
  if (error != 0) error_ = error;
  if (mode_ != Mode::kParsing) return;
  // After a reset the end of a stream is not the end of a message.
  if (error_ == 0) FlowOf(model::Direction::kTransmit).ended = true;
  Pump(true);
  Account();
}

bool TrackedConnection::finished() const {
  if (!closed()) return false;
  const FlowState& received = FlowOf(model::Direction::kReceive);
  if (received.ended || mode_ != Mode::kParsing) return true;
  const bool server = requests_ == model::Direction::kReceive;
  return pairer_.unanswered() == 0 && (!server || local_fin_);
}

void TrackedConnection::Finalize() {
  if (mode_ == Mode::kParsing) {
    if (error_ == 0 && peer_fin_) FlowOf(model::Direction::kReceive).ended = true;
    Pump(true);
  }
  pairer_.EndAll(EndingOf(error_), error_, closed_ns_);
  DropAll(shared_.stream.unparsed);
  Account();
}

void TrackedConnection::ResolveHoles() {
  if (mode_ == Mode::kCounting || !waits_for_hole_) return;
  Pump(true);
  Account();
}

void TrackedConnection::Abandon(model::Ending ending, Nanoseconds now, Counter& reason) {
  pairer_.EndAll(ending, 0, now);
  DropAll(reason);
  Account();
}

bool TrackedConnection::IsOverdue(Nanoseconds now) const {
  const Nanoseconds oldest = pairer_.OldestNs();
  return oldest != 0 && now >= oldest && now - oldest >= shared_.limits.request_timeout_ns;
}

void TrackedConnection::CheckTimeout(Nanoseconds now) {
  if (!IsOverdue(now)) return;
  owed_ += pairer_.unanswered();
  pairer_.EndAll(model::Ending::kTimedOut, 0, now);
}

bool TrackedConnection::IsForgotten(Nanoseconds now) const {
  if (pairer_.open() > 0 || now < last_event_ns_) return false;
  const bool ended =
      info_.transport == model::Transport::kUnix && (flows_[0].ended || flows_[1].ended);
  return now - last_event_ns_ > (ended ? shared_.limits.ended_idle_ns : shared_.limits.idle_ns);
}

void TrackedConnection::Ignore() {
  if (mode_ == Mode::kIgnored) return;
  pairer_.EndAll(model::Ending::kEvicted, 0, 0);
  DropAll(shared_.stream.undetected);
  Account();
  mode_ = Mode::kIgnored;
  budget_.Ignore();
}

void TrackedConnection::Update(const model::Connection& connection) {
  const model::Role role = info_.role;
  const bool joined = info_.joined;
  Describe(connection);
  if (info_.role == model::Role::kUnknown) info_.role = role;
  info_.joined = info_.joined || joined;
}

// Texts are made once a connection, not once a span.
void TrackedConnection::Describe(const model::Connection& connection) {
  info_ = connection;
  if (connection.transport == model::Transport::kUnix) return;
  info_.local_text = model::FormatAddress(connection.local, connection.ipv6);
  info_.remote_text = model::FormatAddress(connection.remote, connection.ipv6);
}

bool TrackedConnection::HolePending() const {
  return missed_.waiting() || flows_[0].stream.HoleFollows() || flows_[1].stream.HoleFollows();
}

void TrackedConnection::WatchHole() {
  const bool pending = HolePending();
  if (pending && !waits_for_hole_) hole_since_ns_ = last_event_ns_;
  waits_for_hole_ = pending;
}

void TrackedConnection::DropAll(Counter& reason) {
  for (FlowState& flow : flows_) {
    CountSkipped(flow.stream.Clear(), reason);
    flow.message_open = false;
  }
  missed_.Clear();
  WatchHole();
}

void TrackedConnection::CountSkipped(const ByteStream::Skipped& skipped, Counter& reason) {
  shared_.stream.Lose(skipped.known, reason);
  shared_.stream.Pass(skipped.missing, shared_.stream.hole);
}

// Bytes of an incomplete message may have passed without a record: the turn's budget is used up.
bool TrackedConnection::MayBeCounted(model::Direction direction) const {
  const FlowState& flow = FlowOf(direction);
  if (!flow.message_open || closed()) return false;
  return flow.cut ||
         flow.turn_bytes >= budget_.Limit(direction, shared_.limits.default_budget_bytes);
}

// Brings the tracker's sums up to date, after everything that may have changed them.
void TrackedConnection::Account() {
  for (FlowState& flow : flows_) flow.stream.Settle();
  const size_t held = flows_[0].stream.held_bytes() + flows_[1].stream.held_bytes();
  shared_.held_bytes += held - held_bytes_;
  held_bytes_ = held;
  const bool wanted =
      MayBeCounted(model::Direction::kTransmit) || MayBeCounted(model::Direction::kReceive);
  if (wanted == sweep_wanted_) return;
  sweep_wanted_ = wanted;
  if (wanted) {
    ++shared_.sweep_wanted;
  } else {
    --shared_.sweep_wanted;
  }
}

}  // namespace spanwire::connection
