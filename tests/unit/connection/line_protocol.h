// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "agent/protocol/parser.h"

namespace spanwire::connection {

// A small protocol for tests, with everything that the connection room cares about:
//   Q<id>\n            request             A<id>\n  response      I<id>\n  interim response
//   Q<id>+<n>\n        … with a body of n bytes of no interest
//   A<id>*\n           … with a body up to the end of the stream
//   T\n                tunnel from here on          !\n  ambiguous framing
//   O<id>\n            one-way: a request that nobody answers; a body as with Q
// The id comes back as the message's name: a pair is right when the names match.
class LineParser final : public protocol::ProtocolParser {
 public:
  protocol::ParseOutput Parse(const protocol::ParseInput& input) override {
    Side& side = sides_[static_cast<size_t>(input.flow)];
    return side.body == 0 ? Head(side, input) : Body(side, input);
  }

  size_t FindBoundary(const protocol::ParseInput& input) const override {
    const size_t end = input.bytes.find('\n');
    if (end == std::string_view::npos || end < 2) return protocol::kNoBoundary;
    const char want = input.flow == protocol::Flow::kRequests ? 'Q' : 'A';
    const char first = input.bytes.front();
    return first == want || (want == 'A' && first == 'I') ? 0 : protocol::kNoBoundary;
  }

  void Reset(protocol::Flow flow, size_t /*waiting*/) override {
    sides_[static_cast<size_t>(flow)].body = 0;
  }

 private:
  static constexpr uint64_t kToTheEnd = ~uint64_t{0};
  struct Side {
    model::Message message;
    uint64_t body = 0;
  };

  static protocol::ParseOutput Status(protocol::ParseStatus status, std::string_view reason = {}) {
    protocol::ParseOutput output;
    output.status = status;
    output.reason = reason;
    return output;
  }

  static protocol::ParseOutput Head(Side& side, const protocol::ParseInput& input) {
    using protocol::ParseStatus;
    const size_t end = input.bytes.find('\n');
    if (end == std::string_view::npos) {
      const bool cut = input.bytes.size() < input.available;
      return cut ? Status(ParseStatus::kLost, "head_cut") : Status(ParseStatus::kNeedMore);
    }
    const std::string_view line = input.bytes.substr(0, end);
    if (line == "T") return Status(ParseStatus::kOpaque);
    const std::string_view kinds = input.flow == protocol::Flow::kRequests ? "QO" : "AI";
    if (line.empty() || kinds.find(line[0]) == std::string_view::npos) {
      return Status(ParseStatus::kInvalid, "ambiguous_framing");
    }
    return Message(side, line);
  }

  static protocol::ParseOutput Message(Side& side, std::string_view line) {
    const size_t mark = std::min(line.find_first_of("+*"), line.size());
    side.message.Clear();
    side.message.name = line.substr(1, mark - 1);
    side.message.kind = line[0] == 'Q'   ? model::MessageKind::kRequest
                        : line[0] == 'O' ? model::MessageKind::kOneWay
                        : line[0] == 'A' ? model::MessageKind::kResponse
                                         : model::MessageKind::kInterim;
    side.body = 0;
    if (mark < line.size() && line[mark] == '*') side.body = kToTheEnd;
    if (mark < line.size() && line[mark] == '+') {
      std::from_chars(line.data() + mark + 1, line.data() + line.size(), side.body);
    }
    protocol::ParseOutput output = Status(protocol::ParseStatus::kHead);
    output.consumed = line.size() + 1;
    output.complete = side.body == 0;
    output.message = &side.message;
    return output;
  }

  static protocol::ParseOutput Body(Side& side, const protocol::ParseInput& input) {
    using protocol::ParseStatus;
    protocol::ParseOutput output = Status(ParseStatus::kConsumed);
    output.consumed = std::min(side.body, input.available);
    const bool at_end = input.end_of_stream && output.consumed == input.available;
    if (side.body != kToTheEnd) side.body -= output.consumed;
    if (side.body == 0 || (side.body == kToTheEnd && at_end)) {
      side.body = 0;
      side.message.Clear();
      output.status = ParseStatus::kEnd;
      output.message = &side.message;
    } else if (output.consumed == 0) {
      output.status = ParseStatus::kNeedMore;
    }
    output.want_bytes = side.body == kToTheEnd ? 0 : side.body;
    return output;
  }

  std::array<Side, 2> sides_;
};

inline protocol::Match DetectLines(std::string_view bytes) {
  if (bytes[0] == 'Q') return protocol::Match::kRequests;
  if (bytes[0] == 'A' || bytes[0] == 'I') return protocol::Match::kResponses;
  return bytes[0] == '?' ? protocol::Match::kNeedMore : protocol::Match::kNo;
}

inline const std::array<protocol::ProtocolSpec, 1> kLineProtocol{{
    {"line", &DetectLines,
     [](const protocol::ParserOptions& /*options*/) -> std::unique_ptr<protocol::ProtocolParser> {
       return std::make_unique<LineParser>();
     }},
}};

}  // namespace spanwire::connection
