// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/model/message.h"
#include "agent/protocol/parser.h"
#include "agent/protocol/postgresql/frame.h"
#include "agent/protocol/postgresql/session.h"

namespace spanwire::protocol::postgresql {

// What the server sends. The answer to a statement begins with the first message that belongs to it
// and ends with its CommandComplete, or with the ReadyForQuery behind it: where one follows at
// once, it may still tell that the commit failed. Notices, notifications and parameters belong to
// no one.
//
// After an error the server passes over everything up to the next Sync: those statements are
// answered by errors of no bytes before that Sync's ReadyForQuery.
class ResponseSide {
 public:
  explicit ResponseSide(Session& session) : session_(session) {}

  // `request_open`: the newest request has not ended.
  ParseOutput Parse(const ParseInput& input, bool request_open);
  void Reset();
  // The request that is being answered was lost, though its answer is not: where that ends, and
  // what comes after it, belongs to nothing that is known.
  void Abandon();

 private:
  struct Progress {
    uint64_t consumed = 0;
    bool begun = false;  // an answer began
  };
  enum class Next : uint8_t {
    kGoOn,
    kStop,     // report what there is, without this message
    kEnd,      // the answer ended before this message
    kFinish,   // and with it
    kSkipped,  // the statement was passed over
    kWrong,
  };

  ParseOutput Negotiate(const ParseInput& input);
  ParseOutput Run(const ParseInput& input, bool request_open);
  Next Take(const Frame& frame, std::string_view body, Progress& progress);
  Next OnAside(const Frame& frame, std::string_view body);
  Next OnReady();
  Next OnReadyForUnit(const Work& work);
  Next OnError(std::string_view body);
  Next OnAnswer(const Frame& frame, std::string_view body);
  Next OnComplete(std::string_view body);
  void OnCopy(char type);
  bool Expects(char type) const;
  bool FrontIsDone() const;
  bool SyncFollows() const;
  ParseOutput Skip(const ParseInput& input);
  ParseOutput Cut(const ParseInput& input, bool request_open);
  ParseOutput TakeTurn(const ParseInput& input);
  ParseOutput Report(const Progress& progress, bool end);
  ParseOutput ReportSkipped();
  void Finish();
  void PopFront();

  Session& session_;
  model::Message message_;
  uint64_t skip_ = 0;            // bytes of the present message that are still to come
  bool open_ = false;            // an answer has begun and not ended
  bool failed_ = false;          // the server passes over everything up to a Sync
  bool ready_ = false;           // the ReadyForQuery of the Sync behind the front is here
  bool end_after_skip_ = false;  // the answer ends with the bytes to skip
  bool streams_ = false;         // after it comes the walsender's stream
  bool abandoned_ = false;       // what is open was given up
  bool with_turn_ = false;       // it ends with the turn: its last messages were not captured

  // Of the open answer.
  int64_t rows_ = 0;
  std::optional<int64_t> affected_;
  bool returns_ = false;
  bool copies_ = false;
  bool error_ = false;
  std::string code_;  // SQLSTATE of the first error, else of the last warning
  std::string verb_;  // of the first CommandComplete
};

}  // namespace spanwire::protocol::postgresql
