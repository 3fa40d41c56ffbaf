// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "agent/model/message.h"
#include "agent/protocol/parser.h"
#include "agent/protocol/redis/arguments.h"
#include "agent/protocol/redis/commands.h"

namespace spanwire::protocol::redis {

// Puts requests into messages, by OpenTelemetry's conventions for Redis.
//
// By default nothing of a request leaves the agent but the names of commands that servers have, and
// of scripts and functions: "SET ? ?". With QueryText::kRaw its words do, those of commands that
// carry credentials excepted. Holds nothing but options and scratch memory; one per parser.
class Describer {
 public:
  explicit Describer(const ParserOptions& options) : query_text_(options.query_text) {}

  // Fills a cleared message.
  void Request(const Arguments& arguments, Command command, model::Message& message);

 private:
  size_t SetName(const Arguments& arguments, Command command, model::Message& message) const;
  void SetText(const Arguments& arguments, size_t named, bool raw, model::Message& message);
  void AppendQuoted(std::string_view word);

  QueryText query_text_;
  std::string text_;
};

// Whether a request asks to wait for something that others do.
bool IsBlocking(const Arguments& arguments, Command command);

// An error's prefix, as the status of an answer: `line` is "-WRONGTYPE Operation …".
void DescribeError(std::string_view line, model::Message& message);

}  // namespace spanwire::protocol::redis
