// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "agent/connection/budget.h"
#include "agent/connection/flow.h"
#include "agent/connection/missed_turns.h"
#include "agent/connection/pairer.h"
#include "agent/connection/shared.h"
#include "agent/model/event.h"
#include "agent/protocol/parser.h"

namespace spanwire::connection {

// One connection: two streams, a protocol once it is known, and the exchanges in flight.
//
//   kDetecting ──a spec matches──▶ kParsing ──tunnel, ambiguous framing──▶ kCounting
//        └──────no spec matches within the bounds──────────────────────────────▲
//
// After a loss (a hole, a turn that never showed up, a byte that parsing needed and that was not
// captured) open exchanges end as lost, and the flow concerned seeks: it goes on at the first turn
// that begins with a message. A request seen then is paired only where no answer can be under way
// that belongs to a request nobody saw: it must begin a turn, and where the connection pipelines,
// both directions must have been silent before it.
//
// Owned by the tracker; not thread-safe.
class TrackedConnection {
 public:
  TrackedConnection(Shared& shared, const model::Connection& connection, Nanoseconds now);

  void OnData(const model::DataEvent& event);
  void OnLocalFin(Nanoseconds now);
  void OnPeerFin() { peer_fin_ = true; }
  // The socket is closed; `error` is its errno. What its receive queue holds may still be read: see
  // finished().
  void OnClosed(Nanoseconds now, uint16_t error);
  // Nothing more can come of it, or it has been waited for: ends what is open.
  void Finalize();
  // What is missing now counts as lost.
  void ResolveHoles();
  // Ends what is open and drops what is held, as the reason says. Forget the connection afterwards.
  void Abandon(model::Ending ending, Nanoseconds now, Counter& reason);
  // A request has been open for longer than the limit.
  bool IsOverdue(Nanoseconds now) const;
  // Then the requests end as timed out.
  void CheckTimeout(Nanoseconds now);
  // The agent's own traffic: nothing of it is followed from now on.
  void Ignore();
  void Update(const model::Connection& connection);

  size_t held_bytes() const { return held_bytes_; }

  const model::Connection& info() const { return info_; }
  bool ignored() const { return mode_ == Mode::kIgnored; }
  bool closed() const { return closed_ns_ != 0; }
  // Closed, and nothing more can come: Finalize() and forget.
  bool finished() const;
  bool waits_for_hole() const { return waits_for_hole_; }
  Nanoseconds hole_since_ns() const { return hole_since_ns_; }
  // Kept by the tracker: the connection is on its list of those that wait.
  bool listed() const { return listed_; }
  void set_listed(bool listed) { listed_ = listed; }
  Nanoseconds last_event_ns() const { return last_event_ns_; }
  // Nothing is open, and nothing happened for long.
  bool IsForgotten(Nanoseconds now) const;

 private:
  enum class Mode : uint8_t { kDetecting, kParsing, kCounting, kIgnored };

  // tracked_connection.cc: from records to bytes in order.
  void Describe(const model::Connection& connection);
  void AddPrior(const model::DataEvent& event);
  void AddPiece(const model::DataEvent& event);
  void AddTo(FlowState& flow, const ByteStream::Piece& piece);
  void NoteTurn(uint32_t turn);
  void OnError(const model::DataEvent& event);
  void EndFlow(model::Direction direction, Nanoseconds now);
  bool HolePending() const;
  void WatchHole();
  void DropAll(Counter& reason);
  void CountSkipped(const ByteStream::Skipped& skipped, Counter& reason);
  void Account();
  bool MayBeCounted(model::Direction direction) const;

  // detect.cc
  bool Detect(bool force);
  bool DetectFresh(model::Direction direction);
  bool DetectJoined(bool force);
  protocol::Match MatchOf(size_t spec, std::string_view bytes, model::Direction direction) const;
  void SkipUndetected(FlowState& flow);
  bool MatchJoined(model::Direction direction);
  void Adopt(size_t spec, model::Direction requests);

  // parse.cc: from bytes to messages.
  void Pump(bool force);
  void PumpTurn(bool force);
  bool AdvanceHorizon();
  uint64_t Visible(const FlowState& flow) const { return flow.stream.AvailableUpTo(horizon_); }
  bool HoleIsDue(const FlowState& flow) const;
  FlowState* NextFlow(const std::array<bool, 2>& ready, bool force);
  bool Step(FlowState& flow, bool force);
  void NoteParsedTurn(FlowState& flow, uint32_t turn);
  bool Seek(FlowState& flow, bool force);
  bool MayBecomeMessage(const FlowState& flow, bool force) const;
  bool Advance(FlowState& flow, bool force);
  bool OnConsumed(FlowState& flow, const protocol::ParseOutput& output);
  bool OnNeedMore(FlowState& flow, const protocol::ParseOutput& output, bool force);
  bool OnHead(FlowState& flow, const protocol::ParseOutput& output);
  void OnRequestHead(FlowState& flow, const MessagePairer::Head& head);
  void OnResponseHead(FlowState& flow, const MessagePairer::Head& head);
  bool OnEnd(FlowState& flow, const protocol::ParseOutput& output);
  void Take(FlowState& flow, uint64_t size_bytes);
  bool DropPiece(FlowState& flow);
  void DropHole(FlowState& flow);
  void LoseSync(FlowState& flow, uint32_t turn);
  void LosePairing(uint32_t turn);
  void OnResponseEnd(const MessagePairer::End& end);
  void StopParsing(Counter& reason, model::Ending ending);
  bool MayPair(const MessagePairer::Head& request) const;
  bool TurnOver(const FlowState& flow) const {
    return flow.ended || flow.stream.TurnRemaining(horizon_).has_value();
  }
  protocol::ParseInput InputOf(const FlowState& flow) const;
  bool IsRequests(const FlowState& flow) const { return &flow == &FlowOf(requests_); }

  FlowState& FlowOf(model::Direction direction) { return flows_[static_cast<size_t>(direction)]; }
  const FlowState& FlowOf(model::Direction direction) const {
    return flows_[static_cast<size_t>(direction)];
  }

  Shared& shared_;
  model::Connection info_;
  std::array<FlowState, 2> flows_;  // by model::Direction
  std::unique_ptr<protocol::ProtocolParser> parser_;
  MessagePairer pairer_;
  CaptureBudget budget_;
  std::string_view protocol_;
  Counter* discard_ = nullptr;  // kCounting: why bytes are dropped
  model::Direction requests_ = model::Direction::kTransmit;
  Mode mode_ = Mode::kDetecting;
  bool joined_ = false;  // earlier bytes were not seen
  bool settled_ = true;  // false after a loss, until a request may be paired again
  bool local_fin_ = false;
  bool peer_fin_ = false;
  bool turn_known_ = false;
  bool waits_for_hole_ = false;
  bool listed_ = false;
  bool sweep_wanted_ = false;
  uint16_t error_ = 0;        // EPIPE seen: the peer may still have answered before it closed
  uint32_t newest_turn_ = 0;  // of all records
  uint32_t horizon_ = 0;      // turns up to this one are parsed: later ones have not happened yet
  MissedTurns missed_;
  uint32_t attempts_ = 0;  // turns in which a joined connection's protocol was not recognised
  uint64_t owed_ = 0;      // answers that will come for exchanges which timed out
  size_t held_bytes_ = 0;
  Nanoseconds hole_since_ns_ = 0;
  Nanoseconds quiet_before_ns_ = 0;  // time of the data event before the present one
  Nanoseconds last_event_ns_ = 0;
  Nanoseconds closed_ns_ = 0;  // 0: the socket is open
};

}  // namespace spanwire::connection
