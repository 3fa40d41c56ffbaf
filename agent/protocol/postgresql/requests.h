// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/model/message.h"
#include "agent/protocol/parser.h"
#include "agent/protocol/postgresql/frame.h"
#include "agent/protocol/postgresql/session.h"

namespace spanwire::protocol::postgresql {

// What the client sends. A request is a Query, a FunctionCall, a StartupMessage, or the messages of
// one statement of the extended protocol, from its first to its Execute.
//
//   Parse Bind Describe Execute | Bind Execute | Sync       two requests
//   Parse Describe | Sync                                   one: "PREPARE …"
//   Execute | Sync                                          one: more rows of a portal
//
// Close, Sync, Flush, Terminate, CopyData and all kinds of passwords are passed over.
class RequestSide {
 public:
  explicit RequestSide(Session& session) : session_(session) {}

  ParseOutput Parse(const ParseInput& input);
  void Reset();
  // A request has begun and not ended.
  bool open() const { return open_; }

 private:
  // The request that is being put together.
  struct Unit {
    uint64_t id = 0;
    std::string statement;  // its name, once it is known
    bool named = false;     // `statement` is set
    bool simple = false;    // Query or FunctionCall
    bool parse = false;
    bool bind = false;
    bool execute = false;
    bool known = false;        // statement_ says what it is
    std::string_view fixed{};  // the name of what is no statement
  };
  // How far one call has come.
  struct Progress {
    uint64_t consumed = 0;
    bool begun = false;  // a request began
  };
  enum class Next : uint8_t { kGoOn, kStop, kEnd };

  ParseOutput Start(const ParseInput& input);
  ParseOutput OnStartup(const StartMessage& start);
  ParseOutput Run(const ParseInput& input);
  Next Take(const Frame& frame, std::string_view captured, uint64_t available, Progress& progress);
  bool Opens(char type) const;
  bool Closes(const Frame& frame, std::string_view body) const;
  void Begin(char type);
  void Apply(const Frame& frame, std::string_view body);
  void OnQuery(const Frame& frame, std::string_view body);
  void OnParse(std::string_view body);
  void OnBind(std::string_view body);
  void OnDescribe(std::string_view body);
  void OnExecute(std::string_view body);
  void OnClose(std::string_view body);
  void OnBoundary(char type, uint64_t size);
  void UseStatement(std::string_view name);
  void UsePortal(std::string_view name);
  void ReadText(std::string_view text, bool truncated);
  Work* OpenWork();
  ParseOutput Skip(const ParseInput& input);
  ParseOutput Cut(const ParseInput& input);
  ParseOutput TakeTurn(const ParseInput& input);
  ParseOutput Report(const Progress& progress, bool end);
  void Describe();

  Session& session_;
  sql::StatementReader reader_;
  sql::Statement statement_;  // of the open unit
  model::Message message_;
  Unit unit_;
  uint64_t next_id_ = 1;
  uint64_t skip_ = 0;     // bytes of the present message that are still to come
  bool started_ = false;  // the messages without a type are over
  bool open_ = false;
  bool end_after_skip_ = false;  // the request ends with the bytes to skip
  bool with_turn_ = false;       // and with the turn, for its last messages were not captured
};

}  // namespace spanwire::protocol::postgresql
