// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/parser.h"

#include <algorithm>

#include "agent/model/conventions.h"
#include "agent/protocol/http1/boundary.h"
#include "agent/protocol/http1/chars.h"
#include "agent/protocol/http1/http1.h"

namespace spanwire::protocol::http1 {
namespace {

ParseOutput NeedMore(uint64_t want_bytes = 0) {
  return {.status = ParseStatus::kNeedMore, .want_bytes = want_bytes};
}

ParseOutput Lost(std::string_view why) { return {.status = ParseStatus::kLost, .reason = why}; }

// Empty lines before a message are to be ignored (RFC 9112 §2.2).
size_t EmptyLines(std::string_view bytes) {
  size_t size = 0;
  for (;;) {
    const std::string_view rest = bytes.substr(size);
    if (rest.starts_with('\n')) {
      size += 1;
    } else if (rest.starts_with("\r\n")) {
      size += 2;
    } else {
      return size;
    }
  }
}

std::string_view WithoutCarriageReturn(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::unique_ptr<ProtocolParser> MakeParser(const ParserOptions& /*options*/) {
  return std::make_unique<Parser>();
}

ParseOutput Parser::Parse(const ParseInput& input) {
  if (!invalid_.empty()) return Invalid(invalid_);
  if (opaque_) return {.status = ParseStatus::kOpaque};
  return State(input.flow).body.is_open() ? ParseBody(input) : ParseHead(input);
}

size_t Parser::FindBoundary(const ParseInput& input) const {
  return input.flow == Flow::kRequests ? FindRequest(input.bytes) : FindResponse(input.bytes);
}

void Parser::Reset(Flow flow, size_t waiting) {
  State(flow) = {};
  queue_.KeepNewest(waiting);
  for (FlowState& state : flows_) state.guessed = true;
}

ParseOutput Parser::ParseHead(const ParseInput& input) {
  if (input.available == 0) return NeedMore();
  const bool tunnel_asked = !queue_.empty() && queue_.Back().is_connect;
  if (input.flow == Flow::kRequests && tunnel_asked) return NeedMore();
  if (input.bytes.empty()) return Lost(reason::kHeadNotCaptured);

  const size_t empty_lines = EmptyLines(input.bytes);
  if (empty_lines > 0) return {.status = ParseStatus::kConsumed, .consumed = empty_lines};
  const std::string_view bytes = input.bytes.substr(0, kMaxHeadBytes);
  const char first = bytes.front();
  if (!IsTokenChar(first) && bytes != "\r") return NotHttp(input.flow);
  if (input.flow == Flow::kResponses && first != 'H' && first != '\r') return NotHttp(input.flow);

  const bool cut = input.bytes.size() < input.available;
  const HeadFinder& finder = State(input.flow).finder;
  if (State(input.flow).finder.Ready(bytes) || (cut && finder.has_start_line())) {
    const ParseOutput output = ReadHead(input, bytes);
    if (output.status != ParseStatus::kNeedMore) return output;
  }
  if (bytes.size() == kMaxHeadBytes) return Invalid(reason::kHeadTooLarge);
  return cut ? Lost(reason::kHeadNotCaptured) : NeedMore();
}

// Requires a complete start line. kNeedMore when the end of the head is not among `bytes` and it
// cannot do without.
ParseOutput Parser::ReadHead(const ParseInput& input, std::string_view bytes) {
  const bool is_request = input.flow == Flow::kRequests;
  const size_t line_end = bytes.find('\n');
  const std::string_view line = WithoutCarriageReturn(bytes.substr(0, line_end));
  const auto request = is_request ? ParseRequestLine(line) : std::nullopt;
  const auto status = is_request ? std::nullopt : ParseStatusLine(line);
  if (!request && !status) return NotHttp(input.flow);

  HeadFinder& finder = State(input.flow).finder;
  const auto kind = is_request ? FieldReader::Kind::kRequest : FieldReader::Kind::kResponse;
  const size_t fields_bytes = reader_.Read(bytes.substr(line_end + 1), kind);
  HeadExtent head = {.bytes = line_end + 1 + fields_bytes, .cut = fields_bytes == 0};
  if (head.cut) {
    const bool no_more_comes = bytes.size() < kMaxHeadBytes && input.bytes.size() < input.available;
    finder.Continue(line_end + 1 + reader_.incomplete_at(), bytes.size());
    if (!no_more_comes || !MayBeCut(status)) return NeedMore();
    head.bytes = bytes.size();
  }
  finder.Restart();
  return is_request ? OnRequest(input, *request, head) : OnResponse(input, *status, head);
}

ParseOutput Parser::OnRequest(const ParseInput& input, const RequestLine& line, HeadExtent head) {
  const Fields& fields = reader_.fields();
  BodyFraming framing = RequestFraming(fields.framing, line.minor_version);
  if (framing.kind == BodyFraming::Kind::kAmbiguous) return Invalid(reason::kAmbiguousFraming);
  if (head.cut) framing = {.kind = BodyFraming::Kind::kUntilTurn};
  const SentRequest sent = {.is_head = line.method == "HEAD",
                            .is_connect = line.method == "CONNECT",
                            .asks_upgrade = fields.upgrade};
  if (!queue_.Push(sent)) return Invalid(reason::kPipelineTooDeep);

  State(Flow::kRequests).guessed = head.cut;
  message_.Clear();
  describer_.Request(line, fields, message_);
  return Begin(input, framing, head.bytes);
}

ParseOutput Parser::OnResponse(const ParseInput& input, const StatusLine& line, HeadExtent head) {
  const bool interim = line.code < 200 && line.code != 101;
  const bool known = !queue_.empty() && !interim;
  const SentRequest sent = known ? queue_.Pop() : SentRequest{};
  BodyFraming framing = ResponseFraming(reader_.fields().framing, line.minor_version, line.code,
                                        {.is_head = sent.is_head, .is_connect = sent.is_connect});
  if (framing.kind == BodyFraming::Kind::kAmbiguous) return Invalid(reason::kAmbiguousFraming);

  FlowState& state = State(Flow::kResponses);
  state.sole = known && queue_.empty() && RequestsIdle();
  if (!interim) state.guessed = !known || head.cut;
  opaque_ = framing.kind == BodyFraming::Kind::kTunnel;
  if (head.cut && !opaque_) framing = {.kind = BodyFraming::Kind::kUntilTurn};
  message_.Clear();
  Describer::Response(line, message_);
  return Begin(input, framing, head.bytes);
}

ParseOutput Parser::Begin(const ParseInput& input, const BodyFraming& framing, size_t head_bytes) {
  const bool has_content =
      framing.kind != BodyFraming::Kind::kNone && framing.kind != BodyFraming::Kind::kTunnel;
  const bool passed =
      framing.kind == BodyFraming::Kind::kLength && framing.length <= input.available - head_bytes;
  ParseOutput output = {.status = ParseStatus::kHead,
                        .consumed = head_bytes,
                        .head_bytes = head_bytes,
                        .message = &message_};
  if (has_content && !passed) {
    State(input.flow).body.Open(framing);
    return output;
  }
  output.complete = true;
  output.consumed += framing.length;
  SetSize(input.flow, framing, framing.length);
  return output;
}

ParseOutput Parser::ParseBody(const ParseInput& input) {
  FlowState& state = State(input.flow);
  Body::Step step = state.body.Take(input);
  if (step.status == Body::Status::kMissing) {
    if (!IsSole(input.flow)) return Lost(reason::kFramingNotCaptured);
    state.body.EndWithTurn();
    state.guessed = true;
    step = state.body.Take(input);
  }
  switch (step.status) {
    case Body::Status::kEnd: return End(input.flow, step.consumed);
    case Body::Status::kInvalid: return Invalid(reason::kInvalidChunk);
    case Body::Status::kConsumed:
      return {.status = ParseStatus::kConsumed,
              .consumed = step.consumed,
              .want_bytes = step.want_bytes};
    default: return NeedMore(step.want_bytes);
  }
}

ParseOutput Parser::End(Flow flow, uint64_t consumed) {
  message_.Clear();
  message_.kind =
      flow == Flow::kRequests ? model::MessageKind::kRequest : model::MessageKind::kResponse;
  if (const auto size = State(flow).body.size_bytes()) {
    SetSize(flow, {.kind = BodyFraming::Kind::kUntilClose, .declared = true}, *size);
  }
  return {.status = ParseStatus::kEnd, .consumed = consumed, .message = &message_};
}

// Bytes that begin no message.
ParseOutput Parser::NotHttp(Flow flow) {
  // After `Upgrade` the client may already speak the new protocol; the answer will tell.
  const bool upgrade_asked = !queue_.empty() && queue_.Back().asks_upgrade;
  if (flow == Flow::kRequests && upgrade_asked) return NeedMore();
  if (State(flow).guessed) return Lost(reason::kWrongGuess);
  return Invalid(reason::kNotHttp);
}

ParseOutput Parser::Invalid(std::string_view why) {
  invalid_ = why;
  return {.status = ParseStatus::kInvalid, .reason = why};
}

// Whether the rest of the turn can only be this message's.
bool Parser::IsSole(Flow flow) const {
  const FlowState& responses = flows_[static_cast<size_t>(Flow::kResponses)];
  if (flow == Flow::kResponses) return responses.sole;
  return queue_.size() == 1 && !responses.body.is_open();
}

bool Parser::RequestsIdle() const {
  const FlowState& requests = flows_[static_cast<size_t>(Flow::kRequests)];
  return !requests.finder.started() && (!requests.body.is_open() || requests.body.ends_with_turn());
}

// Whether the message that begins (an answer when there is a `status`) is alone on the connection,
// so that its turn is enough to frame it.
bool Parser::MayBeCut(const std::optional<StatusLine>& status) const {
  if (!status) {
    return queue_.empty() && !flows_[static_cast<size_t>(Flow::kResponses)].body.is_open();
  }
  return status->code >= 200 && queue_.size() == 1 && RequestsIdle();
}

void Parser::SetSize(Flow flow, const BodyFraming& framing, uint64_t size_bytes) {
  const auto size = static_cast<int64_t>(std::min<uint64_t>(size_bytes, INT64_MAX));
  if (flow == Flow::kRequests) {
    if (framing.declared) message_.attributes.AddInt(model::key::kHttpRequestBodySize, size);
    return;
  }
  const bool final_answer = message_.kind == model::MessageKind::kResponse;
  if (!final_answer || framing.kind == BodyFraming::Kind::kTunnel) return;
  message_.attributes.AddInt(model::key::kHttpResponseBodySize, size);
}

}  // namespace spanwire::protocol::http1
