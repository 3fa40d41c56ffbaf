// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "agent/base/ledger.h"
#include "agent/base/result.h"
#include "agent/base/unique_fd.h"
#include "agent/capture/ring_buffer_source.h"
#include "agent/connection/policy.h"
#include "agent/door/channel.h"
#include "agent/door/request.h"
#include "agent/door/shared_memory.h"
#include "agent/model/process.h"
#include "spanwire/door.h"

namespace spanwire::app {

// What the keeper hands to its worker.
struct Handover {
  spanwire_door_start start{};
  UniqueFd ring;
  UniqueFd control;
  UniqueFd counters;
  UniqueFd otlp_file;  // none unless the run writes one
  UniqueFd recording;
};

// What the keeper said since the last look.
struct KeeperNews {
  bool finish = false;  // read what is left and end; or the keeper is gone
  bool count = false;
  std::vector<model::Process> processes;
  UniqueFd otlp_file;  // to go on with
};

// The worker's end of the door. Set() is called from any thread, all else from the worker's main
// one. Nothing waits for the keeper but ReceiveHandover() and, for a moment, Resolve().
class DoorClient final : public connection::PolicySink, public capture::RecordResolver {
 public:
  explicit DoorClient(UniqueFd door) : channel_(std::move(door)) {}

  int fd() const { return channel_.fd(); }

  // Says that no privilege is left, and waits for what the keeper then gives.
  Result<Handover> ReceiveHandover();
  // Tells where the counters of `ledger` lie. Again: of the stages that have new reasons to drop.
  Result<> TellStages(const Ledger& ledger);

  // Policies are sent in batches: when one is full, and by Flush().
  void Set(model::ConnectionId connection, const connection::Policy& policy) override;
  void Flush();

  // Asks the keeper. Where it does not know, or takes too long, the kernel's own words must do.
  model::Process Resolve(const spanwire_process& record) override;

  void Notify(spanwire_door_type type);
  // For the statistics. What was told already is not told again.
  void Tell(const door::LinkCounts& counts);
  KeeperNews TakeNews();

 private:
  void FlushLocked();
  // Notes what a message says; returns the answer when it is the one to `question`.
  std::optional<model::Process> Note(door::Received& message, uint64_t question);
  std::optional<model::Process> AwaitAnswer(uint64_t question);

  door::Channel channel_;
  KeeperNews news_;
  uint32_t reopen_base_ = 0;  // makes a request to reopen differ from those of workers before
  std::vector<size_t> told_;  // how many reasons of each stage
  std::vector<uint64_t> told_spans_;  // of each process, by place
  size_t counters_ = 0;               // when the stages were told of
  uint64_t asked_ = 0;                // the last question
  uint64_t answered_ = 0;             // the last one that the keeper answered, in either way
  std::chrono::steady_clock::time_point ask_again_{};  // after a silence
  std::mutex mutex_;                                   // guards batch_
  spanwire_door_policies batch_{};
};

}  // namespace spanwire::app
