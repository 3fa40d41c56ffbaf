// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/protocol/parser.h"
#include "agent/protocol/postgresql/startup.h"
#include "agent/protocol/postgresql/statements.h"
#include "agent/protocol/postgresql/work.h"
#include "agent/protocol/sql/statement.h"

namespace spanwire::protocol::postgresql {

// Why a connection's pairing ended (ParseStatus::kInvalid), or framing was lost (kLost).
namespace reason {
inline constexpr std::string_view kNotPostgresql = "not_postgresql";
inline constexpr std::string_view kPipelineTooDeep = "pipeline_too_deep";
inline constexpr std::string_view kRequestLost = "request_lost";
inline constexpr std::string_view kFrameNotCaptured = "frame_not_captured";
// An answer is not one to what was asked: the pairing was wrong.
inline constexpr std::string_view kWrongAnswer = "wrong_answer";
}  // namespace reason

// A prepared statement as spans tell of it.
struct Prepared {
  sql::Statement statement;
  size_t size_bytes() const {
    return sizeof(*this) + statement.text.size() + statement.summary.size();
  }
};

// A portal: which statement it runs.
struct Portal {
  std::string statement;
  size_t size_bytes() const { return sizeof(*this) + statement.size(); }
};

// What both sides of a connection know.
struct Session {
  explicit Session(const ParserOptions& options_in) : options(options_in) {}

  ParserOptions options;
  WorkQueue queue;
  NamedItems<Prepared> statements{1024, size_t{128} << 10};
  NamedItems<Portal> portals{256, size_t{16} << 10};
  sql::Escapes escapes = sql::Escapes::kUnknown;  // standard_conforming_strings
  std::string database;
  std::optional<StartKind> negotiation;  // an SSLRequest or GSSENCRequest waits for its answer
  std::string_view invalid;              // set: stays so
  uint64_t copied_bytes = 0;             // content of COPY since the statement began
  bool copying = false;                  // the server takes data for COPY
  bool opaque = false;
  bool guessed = false;  // bytes were lost: what follows may not be understood
};

inline ParseOutput NeedMore(uint64_t want_bytes = 0) {
  return {.status = ParseStatus::kNeedMore, .want_bytes = want_bytes};
}

// Takes what is there of the `left` bytes that are of no interest.
inline ParseOutput PassOver(uint64_t& left, const ParseInput& input) {
  const uint64_t size = std::min(left, input.available);
  left -= size;
  if (size == 0) return NeedMore(left);
  return {.status = ParseStatus::kConsumed, .consumed = size, .want_bytes = left};
}

inline ParseOutput Lost(std::string_view why) {
  return {.status = ParseStatus::kLost, .reason = why};
}

inline ParseOutput Invalid(Session& session, std::string_view why) {
  session.invalid = why;
  return {.status = ParseStatus::kInvalid, .reason = why};
}

// Bytes that begin no message of the protocol.
inline ParseOutput NotPostgresql(Session& session) {
  return session.guessed ? Lost(reason::kNotPostgresql) : Invalid(session, reason::kNotPostgresql);
}

// The end of the present turn, when it is known: bytes from the front.
inline std::optional<uint64_t> TurnEnd(const ParseInput& input) {
  if (input.turn_remaining && *input.turn_remaining <= input.available) return input.turn_remaining;
  if (input.end_of_stream && !input.turn_remaining) return input.available;
  return std::nullopt;
}

}  // namespace spanwire::protocol::postgresql
