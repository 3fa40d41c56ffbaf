// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/postgresql/responses.h"

#include <algorithm>
#include <utility>

#include "agent/model/conventions.h"
#include "agent/protocol/postgresql/answers.h"

namespace spanwire::protocol::postgresql {
namespace {

namespace key = model::key;

constexpr std::string_view kTypes = "123ACDEGHIKNRSTVWZcdnstv";
constexpr uint64_t kMaxTag = 128;
constexpr uint64_t kMaxReport = 8192;
constexpr uint64_t kMaxParameter = 512;
// Of an answer's beginning this much tells that it is one.
constexpr uint64_t kHeadBytes = 512;

// Messages that belong to no statement.
bool IsAside(char type) { return std::string_view("3AKNSv").find(type) != std::string_view::npos; }

uint64_t NeedOf(const Frame& frame) {
  switch (frame.type) {
    case 'C':
    case 'W': return std::min(frame.size, kMaxTag);
    case 'E':
    case 'N': return std::min(frame.size, kMaxReport);
    case 'S': return std::min(frame.size, kMaxParameter);
    default: return kHeaderBytes;
  }
}

}  // namespace

ParseOutput ResponseSide::Parse(const ParseInput& input, bool request_open) {
  if (abandoned_ && input.available > 0) return Lost(reason::kRequestLost);
  if (with_turn_) return TakeTurn(input);
  if (skip_ > 0) return Skip(input);
  if (input.available == 0) return NeedMore();
  if (session_.negotiation) return Negotiate(input);
  return Run(input, request_open);
}

void ResponseSide::Reset() {
  skip_ = 0;
  open_ = failed_ = ready_ = end_after_skip_ = with_turn_ = abandoned_ = false;
}

void ResponseSide::Abandon() {
  abandoned_ = open_ || with_turn_;
  failed_ = ready_ = end_after_skip_ = with_turn_ = false;
}

// One byte: whether TLS or GSSAPI follows. A server that answers with an error closes.
ParseOutput ResponseSide::Negotiate(const ParseInput& input) {
  if (input.bytes.empty()) return Lost(reason::kFrameNotCaptured);
  const char yes = session_.negotiation == StartKind::kSslRequest ? 'S' : 'G';
  const char answer = input.bytes.front();
  session_.negotiation.reset();
  if (answer == yes || answer == 'E') {
    session_.opaque = true;
    return {.status = ParseStatus::kOpaque};
  }
  if (answer != 'N') return NotPostgresql(session_);
  return {.status = ParseStatus::kConsumed, .consumed = 1};
}

ParseOutput ResponseSide::Run(const ParseInput& input, bool request_open) {
  Progress progress;
  while (true) {
    const std::string_view rest =
        input.bytes.substr(std::min<uint64_t>(progress.consumed, input.bytes.size()));
    const uint64_t available = input.available - progress.consumed;
    const auto frame = ReadFrame(rest);
    const bool malformed =
        frame ? kTypes.find(frame->type) == std::string_view::npos : rest.size() >= kHeaderBytes;
    const bool first = progress.consumed == 0;
    if (malformed && first) return NotPostgresql(session_);
    if (malformed || !frame) {
      const bool cut = !malformed && rest.size() < available;
      return cut && first ? Cut(input, request_open) : Report(progress, false);
    }
    if (rest.size() < NeedOf(*frame) && rest.size() == available) return Report(progress, false);

    const Next next = Take(*frame, rest.substr(0, frame->size).substr(kHeaderBytes), progress);
    if (next == Next::kWrong) return Lost(reason::kWrongAnswer);
    if (next == Next::kSkipped) return ReportSkipped();
    if (next == Next::kStop || next == Next::kEnd) return Report(progress, next == Next::kEnd);
    const uint64_t size = std::min(frame->size, available);
    progress.consumed += size;
    skip_ = frame->size - size;
    if (next == Next::kFinish && skip_ == 0) return Report(progress, true);
    end_after_skip_ = next == Next::kFinish;
    if (skip_ > 0) return Report(progress, false);
  }
}

ResponseSide::Next ResponseSide::Take(const Frame& frame, std::string_view body,
                                      Progress& progress) {
  if (IsAside(frame.type)) return OnAside(frame, body);
  WorkQueue& queue = session_.queue;
  while (!queue.empty() && queue.front().kind == WorkKind::kCopyEnd) queue.Pop();
  if (open_ && FrontIsDone() && !SyncFollows() && frame.type != 'Z') return Next::kEnd;
  if (frame.type == 'Z') {
    const Next next = OnReady();
    const bool implied = next == Next::kSkipped;
    return implied && progress.consumed > 0 ? Next::kStop : next;
  }
  if (queue.empty() || queue.front().kind == WorkKind::kSync) {
    failed_ |= frame.type == 'E' && !queue.empty();
    return Next::kGoOn;
  }
  if (!Expects(frame.type)) return Next::kWrong;
  if (!open_) {
    if (progress.consumed > 0) return Next::kStop;
    open_ = progress.begun = true;
    rows_ = 0;
    affected_.reset();
    returns_ = copies_ = streams_ = error_ = false;
    code_.clear();
    verb_.clear();
    message_.Clear();
  }
  return frame.type == 'E' ? OnError(body) : OnAnswer(frame, body);
}

ResponseSide::Next ResponseSide::OnAside(const Frame& frame, std::string_view body) {
  if (frame.type == 'S') {
    const auto name = TakeText(body);
    const auto value = TakeText(body);
    if (name && value && *name == "standard_conforming_strings") {
      session_.escapes = *value == "on" ? sql::Escapes::kStandard : sql::Escapes::kBackslash;
    }
  }
  if (frame.type == 'N' && open_ && !error_) {
    const Notice notice = ReadNotice(body);
    if (IsWarning(notice.code)) code_.assign(notice.code);
  }
  return Next::kGoOn;
}

ResponseSide::Next ResponseSide::OnReady() {
  WorkQueue& queue = session_.queue;
  if (queue.empty()) return Next::kGoOn;
  const Work& work = queue.front();
  switch (work.kind) {
    case WorkKind::kUnit: return OnReadyForUnit(work);
    case WorkKind::kSimple:
    case WorkKind::kStartup:
      failed_ = session_.guessed = false;
      return open_ ? Next::kFinish : Next::kWrong;
    default: break;
  }
  queue.Pop();
  failed_ = session_.guessed = false;
  return Next::kGoOn;
}

ResponseSide::Next ResponseSide::OnReadyForUnit(const Work& work) {
  if (open_ && work.all_answered()) {
    ready_ = SyncFollows();
    return ready_ ? Next::kFinish : Next::kEnd;
  }
  return failed_ && !open_ ? Next::kSkipped : Next::kWrong;
}

ResponseSide::Next ResponseSide::OnError(std::string_view body) {
  const Notice notice = ReadNotice(body);
  if (!error_) code_.assign(notice.code);
  error_ = true;
  session_.copying = false;
  if (session_.queue.front().kind == WorkKind::kSimple && !notice.fatal) return Next::kGoOn;
  failed_ = true;
  return Next::kFinish;
}

bool ResponseSide::Expects(char type) const {
  const Work& work = session_.queue.front();
  if (work.kind == WorkKind::kStartup) return type == 'R' || type == 'E';
  if (type == 'E') return true;
  if (type == 'R') return false;
  if (work.kind == WorkKind::kSimple) return std::string_view("12tns").find(type) == kNoBoundary;
  switch (type) {
    case '1': return work.parses > 0;
    case '2': return work.binds > 0;
    case 't':
    case 'n':
    case 'T': return work.describes > 0;
    case 'V': return false;
    default: return work.executes > 0;
  }
}

ResponseSide::Next ResponseSide::OnAnswer(const Frame& frame, std::string_view body) {
  Work& work = session_.queue.front();
  switch (frame.type) {
    case '1': --work.parses; break;
    case '2': --work.binds; break;
    case 'D': ++rows_; return Next::kGoOn;
    case 'n':
    case 'T':
      if (work.kind == WorkKind::kUnit) --work.describes;
      break;
    case 'C': return OnComplete(body);
    case 'I':
    case 's':
      returns_ = frame.type == 's';
      if (work.kind == WorkKind::kUnit) --work.executes;
      break;
    case 'd': session_.copied_bytes += frame.size - kHeaderBytes; return Next::kGoOn;
    case 'G':
    case 'H':
    case 'W': OnCopy(frame.type); return frame.type == 'W' ? Next::kFinish : Next::kGoOn;
    default: return Next::kGoOn;
  }
  return FrontIsDone() && !SyncFollows() ? Next::kFinish : Next::kGoOn;
}

ResponseSide::Next ResponseSide::OnComplete(std::string_view body) {
  Work& work = session_.queue.front();
  const CommandTag tag = ReadTag(body);
  if (verb_.empty()) {
    verb_.assign(tag.verb);
    const bool telling = tag.verb == "SELECT" || tag.verb == "INSERT" || tag.verb == "UPDATE" ||
                         tag.verb == "DELETE";
    if (telling && work.verb != 0 && work.verb != tag.verb.front()) return Next::kWrong;
  }
  const RowMeaning meaning = MeaningOf(tag.verb);
  // CREATE TABLE AS says SELECT too, and returns no rows.
  const bool stored = meaning == RowMeaning::kReturned && rows_ == 0 && tag.rows.value_or(0) > 0;
  if (meaning == RowMeaning::kAffected || stored) {
    affected_ = affected_.value_or(0) + tag.rows.value_or(0);
  }
  returns_ |= meaning == RowMeaning::kReturned && !stored;
  session_.copying = false;
  if (work.kind != WorkKind::kUnit) return Next::kGoOn;
  --work.executes;
  return FrontIsDone() && !SyncFollows() ? Next::kFinish : Next::kGoOn;
}

void ResponseSide::OnCopy(char type) {
  copies_ = true;
  if (type == 'G') session_.copying = !session_.queue.RemoveCopySyncs();
  streams_ = type == 'W';
}

bool ResponseSide::FrontIsDone() const {
  if (session_.queue.empty()) return false;
  const Work& work = session_.queue.at(0);
  return work.kind == WorkKind::kUnit && work.closed && work.all_answered();
}

bool ResponseSide::SyncFollows() const {
  const WorkQueue& queue = session_.queue;
  return queue.size() > 1 && queue.at(1).kind == WorkKind::kSync;
}

ParseOutput ResponseSide::Skip(const ParseInput& input) {
  const ParseOutput output = PassOver(skip_, input);
  if (skip_ == 0 && end_after_skip_) return Report({.consumed = output.consumed}, true);
  return output;
}

// The next header was not captured. When only one statement is under way, the rest of the turn is
// its answer's.
ParseOutput ResponseSide::Cut(const ParseInput& input, bool request_open) {
  const WorkQueue& queue = session_.queue;
  const bool alone = queue.size() == 1 || (queue.size() == 2 && SyncFollows());
  const bool answers = !queue.empty() && queue.at(0).kind != WorkKind::kSync;
  if (!alone || !answers || request_open || session_.copying) {
    return Lost(reason::kFrameNotCaptured);
  }
  with_turn_ = true;
  return TakeTurn(input);
}

ParseOutput ResponseSide::TakeTurn(const ParseInput& input) {
  const auto end = TurnEnd(input);
  if (!end) return NeedMore();
  with_turn_ = false;
  const bool begun = !open_;
  message_.Clear();
  message_.kind = model::MessageKind::kResponse;
  open_ = false;
  ready_ = SyncFollows();
  PopFront();
  return {.status = begun ? ParseStatus::kHead : ParseStatus::kEnd,
          .consumed = *end,
          .complete = true,
          .message = &message_};
}

ParseOutput ResponseSide::Report(const Progress& progress, bool end) {
  ParseOutput output = {.status = ParseStatus::kHead,
                        .consumed = progress.consumed,
                        .head_bytes = std::min(progress.consumed, kHeadBytes),
                        .complete = end,
                        .message = &message_};
  if (!progress.begun) {
    if (!end && progress.consumed == 0) return NeedMore();
    output.status = end ? ParseStatus::kEnd : ParseStatus::kConsumed;
    output.want_bytes = skip_;
  }
  if (!end && !progress.begun) return output;
  if (output.status == ParseStatus::kEnd) message_.Clear();
  message_.kind = model::MessageKind::kResponse;
  if (end) Finish();
  return output;
}

// A statement that the server passed over.
ParseOutput ResponseSide::ReportSkipped() {
  message_.Clear();
  message_.kind = model::MessageKind::kResponse;
  message_.client_outcome = message_.server_outcome = model::Outcome::kError;
  message_.error_type = "pipeline_aborted";
  session_.queue.Pop();
  return {.status = ParseStatus::kHead, .complete = true, .message = &message_};
}

void ResponseSide::Finish() {
  model::AttributeList& attributes = message_.attributes;
  if (!verb_.empty() && session_.queue.front().unseen) {
    message_.name.assign(verb_);
    attributes.Set(key::kDbOperationName, verb_);
  }
  if (rows_ > 0 || returns_) attributes.SetInt(key::kDbReturnedRows, rows_);
  if (affected_) attributes.SetInt(key::kDbAffectedRows, *affected_);
  if (copies_) {
    attributes.SetInt(key::kDbCopiedBytes, static_cast<int64_t>(session_.copied_bytes));
  }
  if (!code_.empty()) attributes.Set(key::kDbResponseStatusCode, code_);
  if (error_) {
    message_.client_outcome = message_.server_outcome = model::Outcome::kError;
    message_.error_type.assign(code_);
  }
  session_.copied_bytes = 0;
  // The walsender's stream goes both ways from here on.
  if (streams_) session_.opaque = true;
  open_ = end_after_skip_ = false;
  PopFront();
}

// The front was answered; a ReadyForQuery that was taken with it answers the Sync too.
void ResponseSide::PopFront() {
  session_.queue.Pop();
  if (!std::exchange(ready_, false)) return;
  session_.queue.Pop();
  failed_ = session_.guessed = false;
}

}  // namespace spanwire::protocol::postgresql
