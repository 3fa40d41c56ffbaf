// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/postgresql/parser.h"

#include "agent/protocol/postgresql/boundary.h"
#include "agent/protocol/postgresql/postgresql.h"
#include "agent/protocol/postgresql/startup.h"

namespace spanwire::protocol::postgresql {

std::unique_ptr<ProtocolParser> MakeParser(const ParserOptions& options) {
  return std::make_unique<Parser>(options);
}

Match Detect(std::string_view bytes) {
  StartMessage start;
  switch (ReadStart(bytes, start)) {
    case StartMatch::kYes: return Match::kRequests;
    case StartMatch::kNeedMore: return Match::kNeedMore;
    case StartMatch::kNo: break;
  }
  return MatchMessages(bytes);
}

Parser::Parser(const ParserOptions& options)
    : session_(options), requests_(session_), responses_(session_) {}

ParseOutput Parser::Parse(const ParseInput& input) {
  if (!session_.invalid.empty()) return Invalid(session_, session_.invalid);
  if (session_.opaque) return {.status = ParseStatus::kOpaque};
  return input.flow == Flow::kRequests ? requests_.Parse(input)
                                       : responses_.Parse(input, requests_.open());
}

size_t Parser::FindBoundary(const ParseInput& input) const {
  const Match found = Detect(input.bytes);
  const Match wanted = input.flow == Flow::kRequests ? Match::kRequests : Match::kResponses;
  return found == wanted ? 0 : kNoBoundary;
}

void Parser::Reset(Flow flow, size_t waiting) {
  const bool forgotten = session_.queue.KeepNewest(waiting);
  session_.negotiation.reset();
  session_.copying = false;
  session_.copied_bytes = 0;
  session_.guessed = true;
  flow == Flow::kRequests ? requests_.Reset() : responses_.Reset();
  if (flow == Flow::kRequests && forgotten) responses_.Abandon();
}

}  // namespace spanwire::protocol::postgresql
