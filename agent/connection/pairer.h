// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "agent/connection/shared.h"
#include "agent/model/message.h"

namespace spanwire::connection {

// Brings the requests and responses of one connection together: in order, or by stream where the
// protocol numbers them. What ended goes to the ExchangeSink at once.
//
// Owned by one connection; not thread-safe.
class MessagePairer {
 public:
  explicit MessagePairer(Shared& shared) : shared_(shared) {}
  MessagePairer(const MessagePairer&) = delete;
  MessagePairer& operator=(const MessagePairer&) = delete;

  // A message as it begins. The contents of `message` are swapped out.
  struct Head {
    model::Message& message;
    const model::MessagePosition& at;
    const model::Connection& connection;
    std::string_view protocol;
    bool is_client = false;
    uint32_t turn = 0;
    bool starts_turn = false;
  };

  // Opens an exchange. With `lost`, nothing may be paired with it: it ends at once as kLost. One
  // that nobody answers ends with its request.
  void BeginRequest(const Head& head, bool lost);

  // False when no request waits for it, or with `orphan`: the message is dropped and counted.
  bool BeginResponse(const Head& head, bool orphan);

  // How a message ended: `message` holds what its end added, may be null.
  struct End {
    uint64_t stream = 0;
    const model::Message* message = nullptr;
    uint64_t offset = 0;
    Nanoseconds time_ns = 0;
    model::ExecutionContext who;
  };
  void EndRequest(const End& end);
  // True when that completed an exchange.
  bool EndResponse(const End& end);

  // Ends what is open. Exchanges whose answer is complete end as answered whatever `ending` says.
  // `now` = 0: each ended when its last byte passed.
  void EndAll(model::Ending ending, uint16_t error, Nanoseconds now);

  // As EndAll(), with kLost, for the requests that began before `turn`.
  void LoseBefore(uint32_t turn);

  // Ends the oldest open exchange as evicted. True when its answer will still come. Requires
  // open().
  bool EvictOldest();

  // A request that waits for its answer began in `turn`.
  bool WaitsSince(uint32_t turn) const;

  size_t open() const { return open_.size() - head_; }
  // Requests that wait for their answer's end.
  size_t unanswered() const { return unanswered_; }
  // When the oldest open request began; 0 when there is none.
  Nanoseconds OldestNs() const;

 private:
  void Tell(model::StepKind kind, const model::Exchange& exchange, Nanoseconds time_ns,
            const model::ExecutionContext& who) const;
  void TellStray(const Head& head) const;
  OpenExchange* FindUnanswered(uint64_t stream);
  void CompleteAt(size_t index);
  // How an exchange ends that was not answered.
  struct Cut {
    model::Ending ending = model::Ending::kLost;
    uint16_t error = 0;
    Nanoseconds now = 0;
  };
  void EndAt(size_t index, const Cut& cut);
  void HandOver(OpenExchange& open);
  void Resolve(OpenExchange& open) const;
  void CompleteAnswered();

  Shared& shared_;
  std::vector<std::unique_ptr<OpenExchange>> open_;  // live: [head_, size), in order of requests
  size_t head_ = 0;
  size_t unanswered_ = 0;
  uint64_t requests_ = 0;  // begun so far
};

}  // namespace spanwire::connection
