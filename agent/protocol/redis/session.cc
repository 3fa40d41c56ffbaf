// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/redis/session.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "agent/model/conventions.h"
#include "agent/protocol/redis/describe.h"

namespace spanwire::protocol::redis {
namespace {

namespace key = model::key;

// More than any server is configured for.
constexpr uint64_t kMaxDatabase = 1'000'000;

std::optional<uint64_t> DatabaseOf(std::string_view word) {
  uint64_t index = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), index);
  const bool good = error == std::errc() && end == word.data() + word.size();
  return good && !word.empty() && index <= kMaxDatabase ? std::optional(index) : std::nullopt;
}

// Commands that a transaction does not queue.
bool IsImmediate(Command command) {
  return command == Command::kExec || command == Command::kDiscard || command == Command::kMulti ||
         command == Command::kReset || command == Command::kQuit;
}

uint64_t AnswersOf(const Arguments& arguments, Command command) {
  // One for each channel. Without one, UNSUBSCRIBE has an answer for each that was subscribed to;
  // those behind the first are recognised as they come.
  if (!IsSubscription(command) && !IsUnsubscription(command)) return 1;
  return std::max<uint64_t>(arguments.count(), 2) - 1;
}

}  // namespace

Command ConfirmationOf(std::string_view kind) {
  if (kind == "subscribe") return Command::kSubscribe;
  if (kind == "psubscribe") return Command::kPSubscribe;
  if (kind == "ssubscribe") return Command::kSSubscribe;
  if (kind == "unsubscribe") return Command::kUnsubscribe;
  if (kind == "punsubscribe") return Command::kPUnsubscribe;
  if (kind == "sunsubscribe") return Command::kSUnsubscribe;
  return Command::kUnknown;
}

bool IsSubscription(Command command) {
  return command == Command::kSubscribe || command == Command::kPSubscribe ||
         command == Command::kSSubscribe;
}

bool IsUnsubscription(Command command) {
  return command == Command::kUnsubscribe || command == Command::kPUnsubscribe ||
         command == Command::kSUnsubscribe;
}

bool Session::OnRequest(const Arguments& arguments, Command command, model::Message& message) {
  const bool acknowledges =
      command == Command::kReplConf &&
      (EqualsUpper(arguments.At(1), "ACK") || EqualsUpper(arguments.At(1), "GETACK"));
  if (command == Command::kSync || acknowledges) replicates_ = true;
  const bool queued = queued_.has_value() && !IsImmediate(command);
  if (!queued && IsBlocking(arguments, command)) message.attributes.SetBool(key::kBlocking, true);
  FollowTransaction(command, message);
  if (!IsAnswered(arguments, command)) {
    message.kind = model::MessageKind::kOneWay;
    return true;
  }
  if (waiting_.size() == kMaxWaiting) return false;
  Sent sent = {
      .command = command, .queued = queued, .selects = command == Command::kExec && queued_select_};
  if (!queued) sent.answers = AnswersOf(arguments, command);
  if (command == Command::kSelect) {
    sent.database = DatabaseOf(arguments.At(1)).value_or(kNoDatabase);
  }
  waiting_.push_back(sent);
  return true;
}

// CLIENT REPLY OFF, ON and SKIP.
bool Session::IsAnswered(const Arguments& arguments, Command command) {
  const bool decides = command == Command::kClient && EqualsUpper(arguments.At(1), "REPLY");
  if (decides && EqualsUpper(arguments.At(2), "ON")) {
    reply_ = Reply::kOn;
    return true;
  }
  if (decides && EqualsUpper(arguments.At(2), "OFF")) reply_ = Reply::kOff;
  if (decides && EqualsUpper(arguments.At(2), "SKIP") && reply_ == Reply::kOn) {
    reply_ = Reply::kSkipNext;
    return false;
  }
  if (reply_ == Reply::kSkipNext) {
    reply_ = Reply::kOn;
    return false;
  }
  return reply_ == Reply::kOn;
}

void Session::FollowTransaction(Command command, model::Message& message) {
  if (command == Command::kMulti && !queued_) {
    queued_ = 0;
    queued_select_ = false;
    return;
  }
  if (!queued_) return;
  if (!IsImmediate(command)) {
    ++*queued_;
    queued_select_ |= command == Command::kSelect;
    return;
  }
  if (command == Command::kMulti) return;
  // A batch has two operations or more.
  if (command == Command::kExec && *queued_ > 1) {
    message.attributes.SetInt(key::kDbBatchSize, static_cast<int64_t>(*queued_));
  }
  queued_.reset();
}

void Session::OnAnswer(bool error, model::Message& message) {
  const Sent sent = waiting_.front();
  waiting_.pop_front();
  if (database_) message.attributes.Set(key::kDbNamespace, std::to_string(*database_));
  if (!error && !sent.queued) Apply(sent);
}

void Session::Apply(const Sent& sent) {
  switch (sent.command) {
    case Command::kSelect:
      database_ = sent.database == kNoDatabase ? std::nullopt : std::optional(sent.database);
      return;
    case Command::kExec:
      // What became of a SELECT in it stands somewhere in the answer: not worth finding.
      if (sent.selects) database_.reset();
      return;
    case Command::kReset:
      database_ = 0;
      monitors_ = false;
      reply_ = Reply::kOn;
      return;
    case Command::kMonitor: monitors_ = true; return;
    case Command::kPSync: replicates_ = true; return;
    default: return;
  }
}

void Session::Forget(size_t waiting) {
  while (waiting_.size() > waiting) waiting_.pop_front();
  database_.reset();
  queued_.reset();
  queued_select_ = true;
  reply_ = Reply::kOn;
}

}  // namespace spanwire::protocol::redis
