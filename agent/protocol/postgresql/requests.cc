// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/postgresql/requests.h"

#include <algorithm>

#include "agent/model/conventions.h"
#include "agent/protocol/sql/text.h"

namespace spanwire::protocol::postgresql {
namespace {

namespace key = model::key;

constexpr std::string_view kTypes = "BCDEFHPQSXcdfp";
// Names of statements and portals have 63 bytes at most, as a rule.
constexpr uint64_t kMaxNames = 1024;

bool IsType(char type) { return kTypes.find(type) != std::string_view::npos; }

// How much of a message has to be there before it can be read.
uint64_t NeedOf(const Frame& frame) {
  switch (frame.type) {
    case 'Q':
    case 'P': return std::min<uint64_t>(frame.size, sql::kMaxReadBytes + kMaxNames);
    case 'B':
    case 'C':
    case 'D':
    case 'E': return std::min<uint64_t>(frame.size, kMaxNames);
    default: return kHeaderBytes;
  }
}

// The letter that stands for a statement which CommandComplete will name by the same word.
char VerbOf(const sql::Statement& statement) {
  for (const std::string_view verb : {"SELECT", "INSERT", "UPDATE", "DELETE"}) {
    if (sql::EqualsUpper(std::string_view(statement.summary).substr(0, verb.size()), verb) &&
        sql::EqualsUpper(std::string_view(statement.text).substr(0, verb.size()), verb)) {
      return verb.front();
    }
  }
  return 0;
}

}  // namespace

ParseOutput RequestSide::Parse(const ParseInput& input) {
  if (with_turn_) return TakeTurn(input);
  if (skip_ > 0) return Skip(input);
  if (input.available == 0 || session_.negotiation) return NeedMore();
  return started_ ? Run(input) : Start(input);
}

void RequestSide::Reset() {
  unit_ = {};
  skip_ = 0;
  started_ = true;
  open_ = end_after_skip_ = with_turn_ = false;
}

ParseOutput RequestSide::Start(const ParseInput& input) {
  StartMessage start;
  switch (ReadStart(input.bytes, start)) {
    case StartMatch::kNeedMore:
      return input.bytes.size() < input.available ? Lost(reason::kFrameNotCaptured) : NeedMore();
    case StartMatch::kNo: started_ = true; return Run(input);
    case StartMatch::kYes: break;
  }
  if (start.kind == StartKind::kStartup) return OnStartup(start);
  if (start.kind != StartKind::kCancel) session_.negotiation = start.kind;
  return {.status = ParseStatus::kConsumed, .consumed = start.size};
}

ParseOutput RequestSide::OnStartup(const StartMessage& start) {
  started_ = true;
  session_.database.assign(start.database);
  session_.queue.Push({.kind = WorkKind::kStartup, .id = next_id_++, .closed = true});
  message_.Clear();
  message_.name = "CONNECT " + session_.database;
  message_.attributes.Add(key::kDbSystemName, "postgresql");
  message_.attributes.Add(key::kDbNamespace, session_.database);
  message_.attributes.Add(key::kDbOperationName, "CONNECT");
  return {
      .status = ParseStatus::kHead, .consumed = start.size, .complete = true, .message = &message_};
}

ParseOutput RequestSide::Run(const ParseInput& input) {
  Progress progress;
  while (true) {
    const std::string_view rest =
        input.bytes.substr(std::min<uint64_t>(progress.consumed, input.bytes.size()));
    const uint64_t available = input.available - progress.consumed;
    const auto frame = ReadFrame(rest);
    const bool malformed = frame ? !IsType(frame->type) : rest.size() >= kHeaderBytes;
    const bool first = progress.consumed == 0;
    if (malformed && first) return NotPostgresql(session_);
    if (malformed || !frame) {
      const bool cut = !malformed && rest.size() < available;
      return cut && first ? Cut(input) : Report(progress, false);
    }
    // What was not captured does not come any more.
    if (rest.size() < NeedOf(*frame) && rest.size() == available) return Report(progress, false);
    if (session_.queue.full()) return Invalid(session_, reason::kPipelineTooDeep);
    const Next next = Take(*frame, rest.substr(0, frame->size), available, progress);
    if (next != Next::kGoOn) return Report(progress, next == Next::kEnd);
  }
}

// One message. kStop: the progress so far is to be reported first.
RequestSide::Next RequestSide::Take(const Frame& frame, std::string_view captured,
                                    uint64_t available, Progress& progress) {
  const std::string_view body = captured.substr(kHeaderBytes);
  if (open_ && Closes(frame, body)) return Next::kEnd;
  if (!open_ && Opens(frame.type)) {
    if (progress.consumed > 0) return Next::kStop;
    Begin(frame.type);
    progress.begun = true;
  }
  Apply(frame, body);
  const uint64_t size = std::min(frame.size, available);
  progress.consumed += size;
  skip_ = frame.size - size;
  const bool ends = frame.type == 'E' || frame.type == 'Q' || frame.type == 'F';
  if (skip_ > 0) {
    end_after_skip_ = ends;
    return Next::kStop;
  }
  return ends ? Next::kEnd : Next::kGoOn;
}

bool RequestSide::Opens(char type) const {
  return std::string_view("BDEFPQ").find(type) != std::string_view::npos;
}

// Whether a message ends the open request without being part of it.
bool RequestSide::Closes(const Frame& frame, std::string_view body) const {
  switch (frame.type) {
    case 'F':
    case 'H':
    case 'Q':
    case 'S':
    case 'X': return true;
    case 'P': return unit_.parse || unit_.bind || unit_.named;
    case 'B': {
      std::string_view names = body;
      const auto portal = TakeText(names);
      const auto statement = TakeText(names);
      return unit_.bind || (unit_.named && portal && statement && *statement != unit_.statement);
    }
    default: return false;
  }
}

void RequestSide::Begin(char type) {
  open_ = true;
  unit_ = {};
  unit_.id = next_id_++;
  unit_.simple = type == 'Q' || type == 'F';
  statement_.Clear();
  message_.Clear();
  session_.queue.Push({.kind = unit_.simple ? WorkKind::kSimple : WorkKind::kUnit, .id = unit_.id});
}

void RequestSide::Apply(const Frame& frame, std::string_view body) {
  switch (frame.type) {
    case 'Q': return OnQuery(frame, body);
    case 'P': return OnParse(body);
    case 'B': return OnBind(body);
    case 'D': return OnDescribe(body);
    case 'E': return OnExecute(body);
    case 'C': return OnClose(body);
    case 'F': unit_.fixed = "FUNCTION CALL"; return;
    default: return OnBoundary(frame.type, frame.size);
  }
}

void RequestSide::OnQuery(const Frame& frame, std::string_view body) {
  const uint64_t size = frame.size - kHeaderBytes;
  const bool truncated = body.size() < size;
  ReadText(body.substr(0, body.find('\0')), truncated);
  if (Work* work = OpenWork()) work->verb = VerbOf(statement_);
}

void RequestSide::ReadText(std::string_view text, bool truncated) {
  reader_.Read(
      text,
      {.text = session_.options.query_text, .escapes = session_.escapes, .truncated = truncated},
      statement_);
  sql::ReadComments(text, message_.context);
  unit_.known = true;
}

void RequestSide::OnParse(std::string_view body) {
  unit_.parse = true;
  Work* work = OpenWork();
  if (work != nullptr) ++work->parses;
  const auto name = TakeText(body);
  if (!name) return;
  unit_.statement.assign(*name);
  unit_.named = true;
  const size_t end = body.find('\0');
  ReadText(body.substr(0, end), end == std::string_view::npos);
  if (work != nullptr) work->verb = VerbOf(statement_);
  session_.statements.Put(*name, {statement_});
}

void RequestSide::OnBind(std::string_view body) {
  unit_.bind = true;
  if (Work* work = OpenWork()) ++work->binds;
  const auto portal = TakeText(body);
  const auto name = TakeText(body);
  if (!portal || !name) return;
  session_.portals.Put(*portal, {std::string(*name)});
  if (!unit_.named) UseStatement(*name);
}

void RequestSide::OnDescribe(std::string_view body) {
  if (Work* work = OpenWork()) ++work->describes;
  if (unit_.named || body.empty()) return;
  const bool portal = body.front() == 'P';
  body.remove_prefix(1);
  const auto name = TakeText(body);
  if (!name) return;
  portal ? UsePortal(*name) : UseStatement(*name);
}

void RequestSide::OnExecute(std::string_view body) {
  unit_.execute = true;
  if (Work* work = OpenWork()) ++work->executes;
  const auto portal = TakeText(body);
  if (portal && !unit_.named) UsePortal(*portal);
}

void RequestSide::OnClose(std::string_view body) {
  if (body.empty()) return;
  const char what = body.front();
  body.remove_prefix(1);
  const auto name = TakeText(body);
  if (!name) return;
  if (what == 'S') session_.statements.Erase(*name);
  if (what == 'P') session_.portals.Erase(*name);
}

void RequestSide::OnBoundary(char type, uint64_t size) {
  if (type == 'd') session_.copied_bytes += size - kHeaderBytes;
  if (type == 'S' && !session_.copying) {
    session_.queue.Push({.kind = WorkKind::kSync, .id = next_id_++, .closed = true});
  }
  if (type != 'c' && type != 'f') return;
  // The server has not said yet that it takes data: then its Syncs are to be sorted out later.
  if (!session_.copying && !session_.queue.empty()) {
    session_.queue.Push({.kind = WorkKind::kCopyEnd, .id = next_id_++, .closed = true});
  }
  session_.copying = false;
}

void RequestSide::UseStatement(std::string_view name) {
  unit_.statement.assign(name);
  unit_.named = true;
  const Prepared* prepared = session_.statements.Find(name);
  if (prepared == nullptr) return;
  statement_ = prepared->statement;
  unit_.known = true;
  if (Work* work = OpenWork()) work->verb = VerbOf(statement_);
}

void RequestSide::UsePortal(std::string_view name) {
  const Portal* portal = session_.portals.Find(name);
  if (portal != nullptr) UseStatement(portal->statement);
}

Work* RequestSide::OpenWork() { return session_.queue.Newest(unit_.id); }

ParseOutput RequestSide::Skip(const ParseInput& input) {
  const ParseOutput output = PassOver(skip_, input);
  if (skip_ == 0 && end_after_skip_) return Report({.consumed = output.consumed}, true);
  return output;
}

// The next header was not captured. When the connection does nothing else, the rest of the turn
// belongs to what is under way.
ParseOutput RequestSide::Cut(const ParseInput& input) {
  const bool alone = session_.queue.size() <= 2;
  if (!alone || (!open_ && !session_.copying)) return Lost(reason::kFrameNotCaptured);
  with_turn_ = true;
  return TakeTurn(input);
}

ParseOutput RequestSide::TakeTurn(const ParseInput& input) {
  const auto end = TurnEnd(input);
  if (!end) return NeedMore();
  with_turn_ = false;
  if (!open_) {
    session_.copied_bytes += *end;
    session_.copying = false;
    return *end == 0 ? NeedMore() : ParseOutput{.status = ParseStatus::kConsumed, .consumed = *end};
  }
  // Bytes follow Parse or Bind in the same turn: it was executed, and a Sync came last.
  if (Work* work = OpenWork()) {
    work->executes += unit_.execute ? 0 : 1;
    unit_.execute = true;
  }
  const ParseOutput output = Report({.consumed = *end}, true);
  OnBoundary('S', kHeaderBytes);
  return output;
}

ParseOutput RequestSide::Report(const Progress& progress, bool end) {
  ParseOutput output = {.status = ParseStatus::kHead,
                        .consumed = progress.consumed,
                        .complete = end,
                        .message = &message_};
  if (!progress.begun) {
    if (!end && progress.consumed == 0) return NeedMore();
    output = {.status = end ? ParseStatus::kEnd : ParseStatus::kConsumed,
              .consumed = progress.consumed,
              .want_bytes = skip_};
    if (!end) return output;
    message_.Clear();
    output.message = &message_;
  }
  message_.kind = model::MessageKind::kRequest;
  message_.attributes.Set(key::kDbSystemName, "postgresql");
  if (!session_.database.empty()) message_.attributes.Set(key::kDbNamespace, session_.database);
  if (!end) return output;
  Describe();
  if (Work* work = OpenWork()) {
    work->closed = true;
    work->unseen = !unit_.known;
  }
  open_ = end_after_skip_ = false;
  return output;
}

// What is known of a request when it ends.
void RequestSide::Describe() {
  if (!unit_.fixed.empty()) {
    message_.name.assign(unit_.fixed);
    message_.attributes.Set(key::kDbOperationName, unit_.fixed);
    return;
  }
  std::string& summary = message_.name;
  if (!unit_.simple && !unit_.execute) {
    summary = unit_.parse ? "PREPARE" : unit_.bind ? "BIND" : "DESCRIBE";
    if (!statement_.summary.empty()) summary += ' ';
  }
  summary += statement_.summary;
  if (!unit_.known) {
    message_.attributes.SetBool(key::kDbStatementUnseen, true);
    return;
  }
  if (!summary.empty()) message_.attributes.Set(key::kDbQuerySummary, summary);
  if (!statement_.text.empty()) message_.attributes.Set(key::kDbQueryText, statement_.text);
}

}  // namespace spanwire::protocol::postgresql
