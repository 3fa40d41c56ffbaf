// SPDX-License-Identifier: Apache-2.0
#include "agent/app/door_client.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

#include "agent/base/byte_reader.h"
#include "agent/capture/decode.h"
#include "agent/capture/identity_codec.h"
#include "agent/door/request.h"
#include "agent/process/resolver.h"

namespace spanwire::app {
namespace {

using std::chrono::milliseconds;
using Sent = door::Channel::Sent;

constexpr milliseconds kHandoverLimit{10'000};
constexpr milliseconds kAnswerLimit{200};
constexpr milliseconds kSilence{1000};  // after no answer
constexpr int kReopenBits = 24;
constexpr size_t kPolicyHeader = offsetof(spanwire_door_policies, policies);

// Where the counters of `stage` lie; nothing when one is not in the shared memory.
std::optional<door::StageLayout> LayoutOf(const Ledger& ledger, const Stage& stage) {
  const CounterSpace& space = ledger.space();
  const auto in = space.IndexOf(stage.in);
  const auto out = space.IndexOf(stage.out);
  const auto held = space.IndexOf(stage.held);
  if (!in || !out || !held) return std::nullopt;
  const auto narrow = [](size_t index) { return static_cast<uint32_t>(index); };
  door::StageLayout layout{stage.name(), stage.unit(),  narrow(*in),
                           narrow(*out), narrow(*held), {}};
  for (const auto& [reason, counter] : stage.drops()) {
    const auto index = space.IndexOf(*counter);
    if (!index) return std::nullopt;
    layout.reasons.emplace_back(reason, narrow(*index));
  }
  return layout;
}

Result<Handover> Unpack(door::Received& message) {
  const auto start = ByteReader(message.bytes).ReadPod<spanwire_door_start>();
  auto& given = message.descriptors;
  if (!start || start->header.type != SPANWIRE_DOOR_START ||
      start->version != SPANWIRE_DOOR_VERSION) {
    return Error{"the keeper is of another version of spanwire", 0};
  }
  const bool has_file = (start->outputs & SPANWIRE_DOOR_OTLP_FILE) != 0;
  const bool has_recording = (start->outputs & SPANWIRE_DOOR_RECORDING) != 0;
  const size_t wanted = 3 + (has_file ? 1 : 0) + (has_recording ? 1 : 0);
  if (given.size() != wanted) return Error{"the keeper did not hand over all descriptors", 0};
  Handover handover{*start, std::move(given[0]), std::move(given[1]), std::move(given[2]), {}, {}};
  if (has_file) handover.otlp_file = std::move(given[3]);
  if (has_recording) handover.recording = std::move(given.back());
  return handover;
}

}  // namespace

Result<Handover> DoorClient::ReceiveHandover() {
  Notify(SPANWIRE_DOOR_CONFINED);
  if (!channel_.Wait(kHandoverLimit)) return Error{"the keeper does not answer", 0};
  auto message = channel_.Receive(/*takes_descriptors=*/true);
  if (!message) return Error{"the keeper closed the door", 0};
  auto handover = Unpack(*message);
  if (handover) reopen_base_ = handover->start.generation << kReopenBits;
  return handover;
}

Result<> DoorClient::TellStages(const Ledger& ledger) {
  if (ledger.space().used() == counters_) return {};
  counters_ = ledger.space().used();
  told_.resize(ledger.stages().size(), SIZE_MAX);
  for (size_t i = 0; i < told_.size(); ++i) {
    const Stage& stage = *ledger.stages()[i];
    if (std::exchange(told_[i], stage.drops().size()) == stage.drops().size()) continue;
    const auto layout = LayoutOf(ledger, stage);
    const auto message = layout ? door::MakeStage(*layout) : std::nullopt;
    if (!message) return Error{"the stage " + stage.name() + " does not fit the door", 0};
    if (channel_.Send(door::BytesOf(*message)) != Sent::kYes) {
      return Error{"the keeper does not listen", 0};
    }
  }
  return {};
}

void DoorClient::Set(model::ConnectionId connection, const connection::Policy& policy) {
  const std::lock_guard lock(mutex_);
  if (batch_.count == SPANWIRE_DOOR_POLICIES) FlushLocked();
  // A keeper that does not keep up: the connection stays as it is until its next decision.
  if (batch_.count == SPANWIRE_DOOR_POLICIES) return;
  batch_.policies[batch_.count++] = {
      connection,
      {policy.rx_bytes, policy.tx_bytes, policy.rx_call_bytes, policy.tx_call_bytes,
       policy.single_bytes, static_cast<uint32_t>(policy.mode),
       policy.reopen == 0 ? 0 : policy.reopen + reopen_base_},
      0};
}

void DoorClient::Flush() {
  const std::lock_guard lock(mutex_);
  FlushLocked();
}

void DoorClient::FlushLocked() {
  if (batch_.count == 0) return;
  batch_.header = door::HeaderOf<spanwire_door_policies>(SPANWIRE_DOOR_POLICY);
  batch_.header.size =
      static_cast<uint32_t>(kPolicyHeader + batch_.count * sizeof(spanwire_door_policy));
  if (channel_.Send(door::BytesOf(batch_)) != Sent::kFull) batch_.count = 0;
}

void DoorClient::Notify(spanwire_door_type type) {
  const spanwire_door_plain notice = door::HeaderOf<spanwire_door_plain>(type);
  channel_.Send(std::as_bytes(std::span(&notice, 1)));
}

void DoorClient::Tell(const door::LinkCounts& counts) {
  uint64_t spans = counts.disagreements;
  for (const auto& [how, count] : counts.spans) spans += count;
  if (counts.place >= told_spans_.size()) told_spans_.resize(counts.place + 1);
  if (told_spans_[counts.place] == spans) return;
  const spanwire_door_links message = door::MakeLinks(counts);
  if (channel_.Send(door::BytesOf(message)) == Sent::kYes) told_spans_[counts.place] = spans;
}

std::optional<model::Process> DoorClient::Note(door::Received& message, uint64_t question) {
  ByteReader reader(message.bytes);
  const auto header = ByteReader(message.bytes).ReadPod<spanwire_door_plain>();
  if (!header) return std::nullopt;
  if (header->type == SPANWIRE_DOOR_FINISH) news_.finish = true;
  if (header->type == SPANWIRE_DOOR_COUNT) news_.count = true;
  if (header->type == SPANWIRE_DOOR_REOPEN && !message.descriptors.empty()) {
    news_.otlp_file = std::move(message.descriptors.front());
  }
  const auto answer = reader.ReadPod<spanwire_door_answer>();
  const bool identity = header->type == SPANWIRE_DOOR_IDENTITY;
  if (!answer || (!identity && header->type != SPANWIRE_DOOR_REFUSED)) return std::nullopt;
  answered_ = std::max<uint64_t>(answered_, answer->question);
  model::Process process;
  if (!identity || !capture::DecodeIdentity(message.bytes.subspan(sizeof(*answer)), process)) {
    return std::nullopt;
  }
  if (answer->question != 0 && answer->question == question) return process;
  // Unasked, or late: news all the same.
  news_.processes.push_back(std::move(process));
  return std::nullopt;
}

std::optional<model::Process> DoorClient::AwaitAnswer(uint64_t question) {
  const auto until = std::chrono::steady_clock::now() + kAnswerLimit;
  while (answered_ < question && !channel_.closed()) {
    if (auto message = channel_.Receive(/*takes_descriptors=*/true)) {
      if (auto process = Note(*message, question)) return process;
      continue;
    }
    const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() > 0 && channel_.Wait(left)) continue;
    ask_again_ = std::chrono::steady_clock::now() + kSilence;
    break;
  }
  return std::nullopt;
}

model::Process DoorClient::Resolve(const spanwire_process& record) {
  // Who did not answer the last question in time is not waited for again soon.
  if (answered_ == asked_ || std::chrono::steady_clock::now() >= ask_again_) {
    const spanwire_door_describe request{
        door::HeaderOf<spanwire_door_describe>(SPANWIRE_DOOR_DESCRIBE), asked_ + 1, record};
    if (channel_.Send(door::BytesOf(request)) == Sent::kYes) {
      if (auto process = AwaitAnswer(++asked_)) return *std::move(process);
    }
  }
  model::KernelProcess kernel;
  capture::DecodeProcess(std::as_bytes(std::span(&record, 1)), kernel);
  return process::NameByKernel(kernel);
}

KeeperNews DoorClient::TakeNews() {
  while (auto message = channel_.Receive(/*takes_descriptors=*/true)) Note(*message, 0);
  if (channel_.closed()) news_.finish = true;
  return std::exchange(news_, {});
}

}  // namespace spanwire::app
