// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/protocol/http1/propagation.h"

namespace spanwire::protocol::http1 {

// What Content-Length and Transfer-Encoding fields said, before RFC 9112 §6 decides what they mean.
struct FramingFields {
  std::optional<uint64_t> content_length;
  bool bad_length = false;         // no number, too large, or two that differ
  bool transfer_encoding = false;  // the field is there
  bool chunked = false;            // its last coding is chunked
  bool bad_coding = false;         // unknown, parameters, or something after chunked
  // Something that recipients are known to read differently: a bare CR, a space before the colon of
  // a framing field, a framing field's name on a line that is no field.
  bool suspicious = false;
};

// The fields of one head that matter here. Views into the head or into the FieldReader's scratch.
struct Fields {
  FramingFields framing;
  std::string_view host;
  std::string_view user_agent;
  std::string_view trace_parent;
  bool trace_parent_repeated = false;  // W3C: then it is invalid
  std::string_view trace_state;        // repeated fields are joined
  std::string_view forwarded;          // RFC 7239; of repeated fields the first
  std::string_view forwarded_for;      // X-Forwarded-*, ditto
  std::string_view forwarded_proto;
  std::string_view forwarded_host;
  PropagationFields propagation;
  bool upgrade = false;
};

// Reads the field lines of a head (RFC 9112 §5), in one pass. Field values that were folded over
// lines are joined as §5.2 says. A line may end with LF alone (§2.2).
//
// Owned by a parser and reused; views in `fields()` live until the next Read() or as long as the
// head.
class FieldReader {
 public:
  enum class Kind : uint8_t { kRequest, kResponse };  // a response's fields matter for framing only

  // `lines` begins after the start line. Returns the size of the fields with the empty line that
  // ends them, 0 when the end is not there; `incomplete_at` then is where the first incomplete line
  // begins.
  size_t Read(std::string_view lines, Kind kind);

  const Fields& fields() const { return fields_; }
  size_t incomplete_at() const { return position_; }

 private:
  struct Line {
    std::string_view text;  // without its end
    size_t next = 0;        // where the next line begins
    bool crlf = false;
  };

  std::optional<Line> LineAt(size_t position) const;
  bool FoldFollows(const Line& line) const;
  bool JoinFolds(Line& line, size_t& crlf_count);
  void OnField(std::string_view line);
  void OnRequestField(std::string_view name, std::string_view value);
  void OnNoField(std::string_view line);
  void AppendTraceState(std::string_view value);

  std::string_view lines_;
  size_t position_ = 0;
  Kind kind_ = Kind::kRequest;
  Fields fields_;
  std::string scratch_;      // joined folds; does not grow while views into it are out
  std::string trace_state_;  // joined `tracestate` fields
};

}  // namespace spanwire::protocol::http1
