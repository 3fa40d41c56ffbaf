// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "agent/model/message.h"
#include "agent/protocol/http1/body.h"
#include "agent/protocol/http1/describe.h"
#include "agent/protocol/http1/fields.h"
#include "agent/protocol/http1/framing.h"
#include "agent/protocol/http1/head_finder.h"
#include "agent/protocol/http1/request_queue.h"
#include "agent/protocol/http1/start_line.h"
#include "agent/protocol/parser.h"

namespace spanwire::protocol::http1 {

// A longer head is no traffic that a server would take: they stop at 8 to 64 KiB.
inline constexpr size_t kMaxHeadBytes = 64 * 1024;

// Why a connection's pairing ended (ParseStatus::kInvalid).
namespace reason {
inline constexpr std::string_view kNotHttp = "not_http";
inline constexpr std::string_view kHeadTooLarge = "head_too_large";
inline constexpr std::string_view kAmbiguousFraming = "ambiguous_framing";
inline constexpr std::string_view kInvalidChunk = "invalid_chunk";
inline constexpr std::string_view kPipelineTooDeep = "pipeline_too_deep";
// Why framing was lost (ParseStatus::kLost).
inline constexpr std::string_view kHeadNotCaptured = "head_not_captured";
inline constexpr std::string_view kFramingNotCaptured = "framing_not_captured";
// A message did not begin where the one before was guessed to end: see FlowState::guessed.
inline constexpr std::string_view kWrongGuess = "wrong_guess";
}  // namespace reason

// HTTP/1.0 and HTTP/1.1 over both flows of a connection.
//
// Request heads are queued, because an answer's framing depends on what it answers (RFC 9112 §6.3).
// An answer without a known request is framed as one to GET. A head is reported when its last byte
// is there; with it, when the content has passed already, its end.
//
// A head whose end was not captured will do, when its start line was and the message is alone on
// the connection: it ends with its turn, and its body's size is unknown.
//
// After a CONNECT request, and where after a request with `Upgrade` no other request follows, the
// request flow waits for the answer. So when one flow has moved, the other is worth another
// Parse().
//
// Body sizes count content without chunk framing. `http.response.body.size` is set whenever it is
// known; `http.request.body.size` when it is not zero or when a field declared it.
class Parser final : public ProtocolParser {
 public:
  ParseOutput Parse(const ParseInput& input) override;
  size_t FindBoundary(const ParseInput& input) const override;
  void Reset(Flow flow, size_t waiting) override;

 private:
  struct FlowState {
    HeadFinder finder;
    Body body;
    // The message that is open is alone on the connection: the end of its turn is its own.
    bool sole = false;
    // The next message's beginning rests on a guess: the turn ended the one before, or it answered
    // an unknown request, or bytes were lost. A bad start line is then loss, not proof of another
    // protocol.
    bool guessed = false;
  };

  // What of a head is there. A head is cut when its end was only counted.
  struct HeadExtent {
    size_t bytes = 0;
    bool cut = false;
  };

  FlowState& State(Flow flow) { return flows_[static_cast<size_t>(flow)]; }
  ParseOutput ParseHead(const ParseInput& input);
  ParseOutput ReadHead(const ParseInput& input, std::string_view bytes);
  ParseOutput OnRequest(const ParseInput& input, const RequestLine& line, HeadExtent head);
  ParseOutput OnResponse(const ParseInput& input, const StatusLine& line, HeadExtent head);
  ParseOutput Begin(const ParseInput& input, const BodyFraming& framing, size_t head_bytes);
  ParseOutput ParseBody(const ParseInput& input);
  ParseOutput End(Flow flow, uint64_t consumed);
  ParseOutput NotHttp(Flow flow);
  ParseOutput Invalid(std::string_view why);
  bool IsSole(Flow flow) const;
  bool RequestsIdle() const;
  bool MayBeCut(const std::optional<StatusLine>& status) const;
  void SetSize(Flow flow, const BodyFraming& framing, uint64_t size_bytes);

  std::array<FlowState, 2> flows_;
  RequestQueue queue_;
  FieldReader reader_;
  Describer describer_;
  model::Message message_;
  std::string_view invalid_;  // set: stays so
  bool opaque_ = false;
};

}  // namespace spanwire::protocol::http1
