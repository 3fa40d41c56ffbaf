// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/model/conventions.h"
#include "agent/protocol/parser.h"

namespace spanwire::protocol {

// What happens to one flow of a connection: bytes pass, the last `counted` of them uncopied, or it
// ends.
struct Wire {
  Flow flow = Flow::kRequests;
  std::string bytes;
  size_t counted = 0;
  bool end = false;
};

inline Wire Req(std::string bytes, size_t counted = 0) {
  return {.flow = Flow::kRequests, .bytes = std::move(bytes), .counted = counted};
}
inline Wire Resp(std::string bytes, size_t counted = 0) {
  return {.flow = Flow::kResponses, .bytes = std::move(bytes), .counted = counted};
}
inline Wire End(Flow flow) { return {.flow = flow, .bytes = {}, .end = true}; }

using Lines = std::vector<std::string>;

// "path=/a status=200 …": short names, and nothing of what nearly every message has.
inline std::string Render(const model::AttributeList& attributes) {
  namespace key = model::key;
  static const std::vector<std::pair<std::string_view, std::string_view>> kShort = {
      {key::kHttpRequestMethodOriginal, "original"},
      {key::kUrlPath, "path"},
      {key::kUrlQuery, "query"},
      {key::kUserAgentOriginal, "agent"},
      {key::kHttpRequestBodySize, "body"},
      {key::kHttpResponseStatusCode, "status"},
      {key::kHttpResponseBodySize, "body"},
      {key::kUrlScheme, "scheme"},
      {key::kNetworkProtocolVersion, "version"},
      {key::kDbOperationName, "op"},
      {key::kDbQueryText, "text"},
      {key::kDbNamespace, "db"},
      {key::kDbResponseStatusCode, "code"},
      {key::kDbBatchSize, "batch"},
      {key::kDbStoredProcedure, "procedure"}};
  std::string text;
  for (size_t i = 0; i < attributes.size(); ++i) {
    const auto view = attributes.at(i);
    if (view.key == key::kHttpRequestMethod) continue;  // the name says it
    if (view.key == key::kDbSystemName) continue;
    if (view.key == key::kUrlScheme && view.text == "http") continue;
    if (view.key == key::kNetworkProtocolVersion && view.text == "1.1") continue;
    const auto known = std::ranges::find(kShort, view.key, &decltype(kShort)::value_type::first);
    text += " ";
    text += known == kShort.end() ? view.key : known->second;
    text += "=";
    text += view.type == model::AttributeList::Type::kString ? std::string(view.text)
                                                             : std::to_string(view.integer);
  }
  return text;
}

// A parser fed the way the connection room feeds it: it buffers, counts turns, and calls the parser
// for both flows after every piece. Writes a line for each message, "0..37 GET path=/", with its
// offsets in the flow ("0..?" without its end), and for what else was reported: "invalid not_http",
// "lost …", "opaque".
class ParserConnection {
 public:
  explicit ParserConnection(const ProtocolSpec& spec, const ParserOptions& options = {})
      : parser_(spec.make(options)) {}

  void Feed(const Wire& step) {
    if (step.flow != last_flow_) ++turn_;
    last_flow_ = step.flow;
    Stream& stream = StreamOf(step.flow);
    if (stream.end) return;
    Append(stream, step.bytes, true);
    Append(stream, std::string(step.counted, '#'), false);
    stream.end |= step.end;
    while (Step(Flow::kRequests) || Step(Flow::kResponses)) {
    }
  }

  // The lines of a flow; messages in the order in which they began.
  Lines LinesOf(Flow flow) const { return flows_[static_cast<size_t>(flow)].lines; }

  bool violated() const { return violated_; }
  bool lost() const { return lost_; }
  const model::Message& last_head() const { return last_head_; }
  uint64_t want_bytes(Flow flow) const { return flows_[static_cast<size_t>(flow)].want_bytes; }

 private:
  struct Extent {
    std::string bytes;
    bool captured = false;
    uint32_t turn = 0;
  };
  struct Stream {
    std::deque<Extent> held;
    uint64_t offset = 0;
    uint64_t want_bytes = 0;
    bool end = false;
    bool seeking = false;
    bool over = false;
    bool open = false;  // the last line's message has not ended
    std::string begin;
    model::AttributeList attributes;
    std::string name;
    std::string outcome;  // " client server type=500"
    Lines lines;
  };

  Stream& StreamOf(Flow flow) { return flows_[static_cast<size_t>(flow)]; }

  void Append(Stream& stream, std::string bytes, bool captured) {
    if (bytes.empty()) return;
    const bool joins = !stream.held.empty() && stream.held.back().captured == captured &&
                       stream.held.back().turn == turn_;
    if (joins) {
      stream.held.back().bytes += bytes;
    } else {
      stream.held.push_back({.bytes = std::move(bytes), .captured = captured, .turn = turn_});
    }
  }

  // One call of the parser. False when it took nothing and told nothing.
  bool Step(Flow flow) {
    Stream& stream = StreamOf(flow);
    if (stream.over) return false;
    std::string front;
    const ParseInput input = InputOf(flow, front);
    if (stream.seeking) return Seek(stream, input);
    const ParseOutput output = parser_->Parse(input);
    if (output.consumed > input.available) return Violation(flow, "consumed too much");
    const uint64_t begin = stream.offset;
    Consume(stream, output.consumed);
    stream.want_bytes = output.want_bytes;
    return Report(flow, output, begin);
  }

  bool Report(Flow flow, const ParseOutput& output, uint64_t begin) {
    Stream& stream = StreamOf(flow);
    switch (output.status) {
      case ParseStatus::kNeedMore: return false;
      case ParseStatus::kConsumed:
        return output.consumed > 0 || Violation(flow, "consumed nothing");
      case ParseStatus::kHead:
        if (stream.open) return Violation(flow, "a message in a message");
        if (output.consumed == 0 && !output.complete) return Violation(flow, "no bytes");
        last_head_ = *output.message;
        Begin(stream, *output.message, begin);
        if (output.complete) Finish(stream);
        return true;
      case ParseStatus::kEnd:
        if (!stream.open) return Violation(flow, "an end without a message");
        stream.attributes.Merge(output.message->attributes);
        if (stream.name.empty()) stream.name = output.message->name;
        if (stream.outcome.empty()) stream.outcome = OutcomeOf(*output.message);
        Finish(stream);
        return true;
      case ParseStatus::kLost: return OnLost(flow, output);
      case ParseStatus::kInvalid:
        stream.lines.push_back("invalid " + std::string(output.reason));
        break;
      case ParseStatus::kOpaque: stream.lines.emplace_back("opaque"); break;
    }
    flows_[0].over = flows_[1].over = true;
    return false;
  }

  bool Violation(Flow flow, std::string what) {
    violated_ = true;
    StreamOf(flow).lines.push_back("violation: " + std::move(what));
    flows_[0].over = flows_[1].over = true;
    return false;
  }

  void Begin(Stream& stream, const model::Message& message, uint64_t begin) {
    stream.open = true;
    stream.begin = std::to_string(begin) + "..";
    stream.name = message.name;
    if (message.kind == model::MessageKind::kResponse) stream.name = "response";
    if (message.kind == model::MessageKind::kInterim) stream.name = "interim";
    stream.attributes = message.attributes;
    if (message.kind == model::MessageKind::kOneWay) stream.name += " one-way";
    stream.outcome = OutcomeOf(message);
    stream.lines.push_back(stream.begin + "? " + stream.name + Render(stream.attributes));
  }

  static std::string OutcomeOf(const model::Message& message) {
    std::string text;
    if (message.client_outcome == model::Outcome::kError) text += " client";
    if (message.server_outcome == model::Outcome::kError) text += " server";
    if (!message.error_type.empty()) text += " type=" + message.error_type;
    return text;
  }

  void Finish(Stream& stream) {
    stream.open = false;
    stream.lines.back() = stream.begin + std::to_string(stream.offset) + " " + stream.name +
                          Render(stream.attributes) + stream.outcome;
  }

  bool OnLost(Flow flow, const ParseOutput& output) {
    Stream& stream = StreamOf(flow);
    stream.lines.push_back("lost " + std::string(output.reason));
    stream.open = false;
    lost_ = true;
    parser_->Reset(flow);
    DropFront(stream, true);
    DropFront(stream, false);
    stream.seeking = true;
    return true;
  }

  void DropFront(Stream& stream, bool captured) {
    while (!stream.held.empty() && stream.held.front().captured == captured) {
      Consume(stream, stream.held.front().bytes.size());
    }
  }

  bool Seek(Stream& stream, const ParseInput& input) {
    if (input.bytes.empty()) return false;
    const size_t found = parser_->FindBoundary(input);
    stream.seeking = found == kNoBoundary;
    Consume(stream, stream.seeking ? input.bytes.size() : found);
    return true;
  }

  ParseInput InputOf(Flow flow, std::string& front) const {
    const Stream& stream = flows_[static_cast<size_t>(flow)];
    ParseInput input = {.flow = flow, .offset = stream.offset, .end_of_stream = stream.end};
    uint64_t in_turn = 0;
    bool captured = true;
    for (const Extent& extent : stream.held) {
      captured &= extent.captured;
      if (captured) front += extent.bytes;
      input.available += extent.bytes.size();
      if (extent.turn == stream.held.front().turn) in_turn += extent.bytes.size();
    }
    input.bytes = front;
    if (!stream.held.empty() && stream.held.front().turn < turn_) input.turn_remaining = in_turn;
    return input;
  }

  static void Consume(Stream& stream, uint64_t size) {
    stream.offset += size;
    while (size > 0) {
      std::string& bytes = stream.held.front().bytes;
      const size_t part = std::min<uint64_t>(size, bytes.size());
      bytes.erase(0, part);
      size -= part;
      if (bytes.empty()) stream.held.pop_front();
    }
  }

  std::unique_ptr<ProtocolParser> parser_;
  std::array<Stream, 2> flows_;
  model::Message last_head_;
  bool violated_ = false;
  bool lost_ = false;
  uint32_t turn_ = 0;
  Flow last_flow_ = Flow::kRequests;
};

// What a connection's parser reported.
struct Outcome {
  Lines requests;
  Lines responses;
  bool operator==(const Outcome&) const = default;
};

inline void PrintTo(const Outcome& outcome, std::ostream* out) {
  for (const std::string& line : outcome.requests) *out << "\n  > " << line;
  for (const std::string& line : outcome.responses) *out << "\n  < " << line;
}

inline Outcome RunWhole(const ProtocolSpec& spec, const std::vector<Wire>& steps) {
  ParserConnection connection(spec);
  for (const Wire& step : steps) connection.Feed(step);
  return {.requests = connection.LinesOf(Flow::kRequests),
          .responses = connection.LinesOf(Flow::kResponses)};
}

}  // namespace spanwire::protocol
