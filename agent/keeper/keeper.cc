// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/keeper.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <initializer_list>
#include <utility>

#include "agent/sandbox/capabilities.h"

namespace spanwire::keeper {
namespace {

constexpr Nanoseconds kMillisecond = 1'000'000;
constexpr Nanoseconds kStartLimit = 10'000 * kMillisecond;  // of a worker, to be ready
constexpr Nanoseconds kFinishLimit = 8'000 * kMillisecond;  // and to flush
constexpr Nanoseconds kCountLimit = 200 * kMillisecond;     // and to count
constexpr int kMessagesAtOnce = 64;
constexpr int kFailed = 1;

void Say(const std::string& text) { std::fprintf(stderr, "spanwire: %s\n", text.c_str()); }

Nanoseconds ToNanoseconds(std::chrono::milliseconds time) {
  return static_cast<Nanoseconds>(time.count()) * kMillisecond;
}

}  // namespace

Result<std::unique_ptr<Keeper>> Keeper::Make(const KeeperParts& parts, UniqueFd otlp_file) {
  auto signals = Signals::Catch();
  if (!signals) return signals.error();
  return std::unique_ptr<Keeper>(new Keeper(parts, std::move(*signals), std::move(otlp_file)));
}

Keeper::Keeper(const KeeperParts& parts, Signals signals, UniqueFd otlp_file)
    : parts_(parts),
      signals_(std::move(signals)),
      doorman_({parts.tracer, parts.resolver, parts.clock}),
      otlp_file_(std::move(otlp_file)) {
  if (parts_.run_for.count() > 0) end_at_ = Now() + ToNanoseconds(parts_.run_for);
  if (parts_.stats_interval.count() > 0) stats_at_ = Now() + ToNanoseconds(parts_.stats_interval);
}

int Keeper::Run() {
  if (auto started = StartWorker(); !started) {
    Say(started.error().message);
    return kFailed;
  }
  while (!exit_code_) {
    WaitForNews();
    OnDoor();
    OnSignals();
    OnTime();
  }
  return *exit_code_;
}

Result<> Keeper::StartWorker() {
  auto memory = door::SharedMemory::Make();
  if (!memory) return memory.error();
  auto ends = door::Channel::MakePair();
  if (!ends) return ends.error();
  auto process = WorkerProcess::Start(parts_.worker_arguments, std::move(ends->second));
  if (!process) return process.error();
  parts_.tracer->control().worker_pid = static_cast<uint32_t>(process->pid());
  worker_.emplace(Worker{std::move(*process), door::Channel(std::move(ends->first)),
                         std::move(*memory), Worker::State::kStarting, false, Now()});
  account_.BeginWorker(worker_->memory);
  return {};
}

// --- waiting

int Keeper::WaitMilliseconds() const {
  const Nanoseconds ready_by =
      worker_ && worker_->state != Worker::State::kReady ? worker_->started_ns + kStartLimit : 0;
  Nanoseconds next = 0;
  for (const Nanoseconds at :
       {restart_at_, stats_at_, counted_by_, end_at_, finished_by_, ready_by}) {
    if (at != 0 && (next == 0 || at < next)) next = at;
  }
  if (next == 0) return -1;
  const Nanoseconds now = Now();
  return next <= now ? 0 : static_cast<int>((next - now) / kMillisecond + 1);
}

void Keeper::WaitForNews() {
  std::array<pollfd, 2> news{};
  news[0] = {signals_.fd(), POLLIN, 0};
  news[1] = {worker_ && !worker_->channel.closed() ? worker_->channel.fd() : -1, POLLIN, 0};
  if (worker_ && worker_->introducing) news[1].events |= POLLOUT;
  poll(news.data(), news.size(), WaitMilliseconds());
}

void Keeper::OnSignals() {
  while (const int number = signals_.Next()) OnSignal(number);
}

void Keeper::OnSignal(int number) {
  if (number == SIGCHLD) {
    if (const auto end = worker_ ? worker_->process.Reap() : std::nullopt) OnWorkerEnd(*end);
  } else if (number == SIGHUP && parts_.reopens) {
    Reopen();
  } else if (stopping_ && number != SIGHUP) {
    EndBadWorker("it was told twice to end");
  } else {
    Stop();
  }
}

void Keeper::OnTime() {
  const auto due = [now = Now()](Nanoseconds& at) {
    if (at == 0 || now < at) return false;
    at = 0;
    return true;
  };
  if (due(end_at_)) Stop();
  if (due(finished_by_)) EndBadWorker("it does not end");
  if (due(counted_by_)) WriteStats(LossAccount::When::kNow);
  if (due(stats_at_)) AskForCount();
  if (worker_ && worker_->state != Worker::State::kReady &&
      Now() >= worker_->started_ns + kStartLimit) {
    EndBadWorker("it is not ready in time");
  }
  if (!due(restart_at_)) return;
  if (auto started = StartWorker(); !started) {
    Say(started.error().message);
    End(kFailed);
  }
}

// --- the door

void Keeper::OnDoor() {
  for (int i = 0; i < kMessagesAtOnce && worker_; ++i) {
    const auto message = worker_->channel.Receive(/*takes_descriptors=*/false);
    if (!message) break;
    const auto request = door::ParseRequest(message->bytes);
    if (!request || !Serve(*request)) return EndBadWorker("it broke a rule of the door");
  }
  if (worker_ && worker_->introducing) {
    worker_->introducing = doorman_.Introduce(worker_->channel);
  }
}

bool Keeper::Serve(const door::Request& request) {
  if (const auto* notice = std::get_if<door::Notice>(&request)) return OnNotice(notice->type);
  if (const auto* stage = std::get_if<door::StageLayout>(&request)) {
    return worker_->state != Worker::State::kStarting && account_.AddStage(*stage);
  }
  if (worker_->state != Worker::State::kReady) return false;
  if (const auto* policies = std::get_if<door::PolicyRequest>(&request)) {
    doorman_.SetPolicies(*policies);
  } else if (const auto* describe = std::get_if<door::DescribeRequest>(&request)) {
    doorman_.Describe(*describe, worker_->channel);
  } else if (const auto* links = std::get_if<door::LinkCounts>(&request)) {
    links_.Set(*links);
  }
  return true;
}

bool Keeper::OnNotice(spanwire_door_type type) {
  const auto state = worker_->state;
  if (type == SPANWIRE_DOOR_CONFINED) return state == Worker::State::kStarting && OnConfined();
  if (type == SPANWIRE_DOOR_READY) {
    if (state != Worker::State::kConfined) return false;
    worker_->state = Worker::State::kReady;
    if (generation_++ == 0 && parts_.on_ready) parts_.on_ready();
    if (stopping_) Notify(SPANWIRE_DOOR_FINISH);
    return true;
  }
  if (state != Worker::State::kReady) return false;
  if (type == SPANWIRE_DOOR_SWEEP && !stopping_) doorman_.Sweep();
  if (type == SPANWIRE_DOOR_DONE) Stop();
  if (type == SPANWIRE_DOOR_COUNTED && std::exchange(counted_by_, 0) != 0) {
    WriteStats(LossAccount::When::kCounted);
  }
  return true;
}

// The worker says that it has no privilege left. Only what the kernel says about it counts.
bool Keeper::OnConfined() {
  const auto standing = sandbox::StandingOf(worker_->process.pid());
  if (!standing || standing->any != 0 || standing->root || !standing->no_new_privileges ||
      !standing->filtered) {
    return false;
  }
  worker_->state = Worker::State::kConfined;
  if (!SendStart(static_cast<bool>(otlp_file_))) return false;
  if (generation_ > 0) {
    doorman_.PlanIntroductions();
    worker_->introducing = true;
  }
  return true;
}

bool Keeper::SendStart(bool has_file) {
  spanwire_door_start start{};
  start.header = door::HeaderOf<spanwire_door_start>(SPANWIRE_DOOR_START);
  start.version = SPANWIRE_DOOR_VERSION;
  start.tier = static_cast<uint32_t>(parts_.tracer->tier());
  start.generation = generation_;
  start.ring_bytes = parts_.tracer->ring_bytes();
  start.resume = account_.resume();
  start.recorded_bytes = account_.recorded_bytes();
  std::vector<int> descriptors{parts_.tracer->ring_fd(), parts_.tracer->control_fd(),
                               worker_->memory.fd()};
  if (has_file) {
    start.outputs |= SPANWIRE_DOOR_OTLP_FILE;
    descriptors.push_back(otlp_file_.get());
  }
  if (parts_.recording >= 0) {
    start.outputs |= SPANWIRE_DOOR_RECORDING;
    descriptors.push_back(parts_.recording);
  }
  return worker_->channel.Send(door::BytesOf(start), descriptors) == door::Channel::Sent::kYes;
}

void Keeper::Notify(spanwire_door_type type) {
  const spanwire_door_plain notice{static_cast<uint16_t>(type), 0, sizeof(notice)};
  worker_->channel.Send(std::as_bytes(std::span(&notice, 1)));
}

// After the file was moved away: a new one in its place.
void Keeper::Reopen() {
  if (!parts_.open_otlp_file) return;
  auto file = parts_.open_otlp_file();
  if (!file) return Say(file.error().message);
  otlp_file_ = std::move(*file);
  if (!worker_ || worker_->state != Worker::State::kReady) return;
  const spanwire_door_plain notice{SPANWIRE_DOOR_REOPEN, 0, sizeof(notice)};
  const int descriptor = otlp_file_.get();
  worker_->channel.Send(std::as_bytes(std::span(&notice, 1)), std::span(&descriptor, 1));
}

// --- statistics

void Keeper::AskForCount() {
  stats_at_ = Now() + ToNanoseconds(parts_.stats_interval);
  if (!worker_ || worker_->state != Worker::State::kReady) {
    return WriteStats(LossAccount::When::kNow);
  }
  Notify(SPANWIRE_DOOR_COUNT);
  counted_by_ = Now() + kCountLimit;
}

void Keeper::WriteStats(LossAccount::When when) {
  if (!parts_.on_stats) return;
  RunStatistics statistics;
  statistics.kernel = account_.Fill(statistics.ledger, *parts_.tracer, when);
  Publish(statistics);
}

void Keeper::Publish(RunStatistics& statistics) const {
  statistics.links = links_.processes();
  statistics.link_disagreements = links_.disagreements();
  parts_.on_stats(statistics);
}

// --- the end of a worker, and of all

void Keeper::Stop() {
  if (stopping_) return;
  stopping_ = true;
  end_at_ = 0;
  parts_.tracer->Sweep();
  parts_.tracer->Detach();
  if (!worker_) return End(0);
  finished_by_ = Now() + kFinishLimit;
  if (worker_->state == Worker::State::kReady) Notify(SPANWIRE_DOOR_FINISH);
}

void Keeper::EndBadWorker(const char* why) {
  if (!worker_) return;
  Say(std::string("the worker is ended: ") + why);
  if (const auto end = worker_->process.Kill()) OnWorkerEnd(*end);
}

void Keeper::OnWorkerEnd(const WorkerEnd& end) {
  const bool was_ready = worker_->state == Worker::State::kReady;
  const bool finished = stopping_ && was_ready && end.signal == 0;
  account_.EndWorker(finished);
  links_.EndWorker();
  worker_.reset();
  counted_by_ = 0;
  parts_.tracer->control().worker_pid = 0;
  if (finished) return End(end.exit_code);
  // What it could not make of its options it has said itself.
  if (!was_ready && generation_ == 0 && end.signal == 0 && end.exit_code != 0) {
    return End(end.exit_code);
  }
  PlanRestart(end);
}

void Keeper::PlanRestart(const WorkerEnd& end) {
  const std::string what = "the worker ended " + Describe(end);
  if (stopping_) {
    Say(what + " before it had finished");
    return End(kFailed);
  }
  const auto wait = restarts_.OnDeath(Now());
  if (!wait) {
    Say(what + ", for the " + std::to_string(Restarts::kMax + 1) +
        "th time within a minute: giving up");
    return End(kFailed);
  }
  Say(what + "; it is started again, and what it held is counted as worker_lost");
  restart_at_ = Now() + *wait;
}

void Keeper::End(int exit_code) {
  exit_code_ = exit_code;
  worker_.reset();
  parts_.tracer->Detach();
  if (!parts_.on_stats) return;
  RunStatistics statistics;
  statistics.last = true;
  statistics.kernel = account_.FillLast(statistics.ledger, *parts_.tracer);
  Publish(statistics);
}

}  // namespace spanwire::keeper
