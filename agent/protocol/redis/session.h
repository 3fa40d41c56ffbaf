// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "agent/model/message.h"
#include "agent/protocol/redis/arguments.h"
#include "agent/protocol/redis/commands.h"

namespace spanwire::protocol::redis {

// What a connection remembers from one message to the next: who is answered and how often, the
// transaction that is being put together, the database that is selected.
//
// Requests change what concerns requests when they are sent, answers the rest when they come, so
// that a pipeline is followed as the server does.
class Session {
 public:
  // A request that waits for its answer.
  struct Sent {
    Command command = Command::kUnknown;
    bool queued = false;   // in a transaction: answered at once, done later
    bool selects = false;  // EXEC: a SELECT may be among what it does
    uint64_t answers = 1;  // messages that answer it
    uint64_t database = kNoDatabase;
  };
  // Requests in flight that are remembered.
  static constexpr size_t kMaxWaiting = size_t{1} << 18;

  // A connection that was seen from its first byte on is in database 0.
  void Begin(bool joined) {
    if (!joined) database_ = 0;
  }

  // False when too many wait. Adds to `message` what follows from requests before: whether it is
  // answered, and how many commands a transaction has.
  [[nodiscard]] bool OnRequest(const Arguments& arguments, Command command,
                               model::Message& message);
  // The oldest request was answered. Requires one that waits. `error`: by an error.
  void OnAnswer(bool error, model::Message& message);
  // An answer came that no request waited for.
  void OnStray() { reply_ = Reply::kOn; }
  // Bytes were lost: only the newest `waiting` requests still wait, and nothing else is known.
  void Forget(size_t waiting);

  // The oldest request that waits; null when none does.
  const Sent* front() const { return waiting_.empty() ? nullptr : &waiting_.front(); }
  size_t waiting() const { return waiting_.size(); }
  // MONITOR was answered.
  bool monitors() const { return monitors_; }
  // What follows is replication: SYNC was sent, PSYNC was answered, or a replica tells how far it
  // is.
  bool replicates() const { return replicates_; }

 private:
  static constexpr uint64_t kNoDatabase = ~uint64_t{0};
  enum class Reply : uint8_t { kOn, kOff, kSkipNext };

  bool IsAnswered(const Arguments& arguments, Command command);
  void FollowTransaction(Command command, model::Message& message);
  void Apply(const Sent& sent);

  std::deque<Sent> waiting_;
  std::optional<uint64_t> database_;
  std::optional<uint64_t> queued_;  // commands of the open transaction; empty: none is open
  Reply reply_ = Reply::kOn;
  bool queued_select_ = false;
  bool monitors_ = false;
  bool replicates_ = false;
};

// The kind of a message that SUBSCRIBE and its like are answered with; kUnknown for other words.
Command ConfirmationOf(std::string_view kind);
bool IsSubscription(Command command);
bool IsUnsubscription(Command command);

}  // namespace spanwire::protocol::redis
