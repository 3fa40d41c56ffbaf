// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/otlp_exporter.h"

#include <algorithm>
#include <random>
#include <utility>

#include "agent/base/signals.h"

namespace spanwire::exporter {
namespace {

using Kind = OtlpVerdict::Kind;

std::unique_ptr<OtlpEncoding> MakeEncoding(OtlpProtocol protocol, const AgentIdentity& agent) {
  return protocol == OtlpProtocol::kHttpJson ? MakeJsonEncoding(agent) : MakeProtoEncoding(agent);
}

}  // namespace

Result<std::unique_ptr<OtlpExporter>> OtlpExporter::Make(const OtlpOptions& options,
                                                         const AgentIdentity& agent, Stage& stage) {
  auto transport = MakeCurlTransport(options, agent.version);
  if (!transport) return transport.error();
  return std::make_unique<OtlpExporter>(options, agent, stage,
                                        Surroundings{.transport = std::move(*transport),
                                                     .clock = std::make_unique<SystemClock>(),
                                                     .seed = std::random_device()()});
}

OtlpExporter::OtlpExporter(const OtlpOptions& options, const AgentIdentity& agent, Stage& stage,
                           Surroundings surroundings)
    : options_(options),
      surroundings_(std::move(surroundings)),
      stage_(stage),
      queue_full_(stage.Drop("queue_full")),
      refused_(stage.Drop("refused")),
      rejected_(stage.Drop("rejected")),
      shutdown_(stage.Drop("shutdown")),
      backoff_(options.initial_backoff, options.max_backoff, surroundings_.seed),
      encoder_(MakeEncoding(options.protocol, agent)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

OtlpExporter::~OtlpExporter() { static_cast<void>(Shutdown(std::chrono::milliseconds(0))); }

// --- the pipeline's thread ----------------------------------------------------------------------

bool OtlpExporter::HasRoom() const {
  return held_spans_ < options_.max_queue_spans &&
         ready_bytes_ + encoder_.size_bytes() < options_.max_queue_bytes;
}

Result<> OtlpExporter::Export(std::span<const model::Span> spans) {
  stage_.in.Add(spans.size());
  std::unique_lock lock(mutex_);
  const bool was_empty = encoder_.span_count() == 0;
  const size_t were_ready = ready_.size();
  for (const model::Span& span : spans) {
    if (options_.when_full == WhenFull::kWait) WaitForRoom(lock);
    Add(span);
  }
  stage_.held.Set(held_spans_);
  // The sender sleeps until a batch is ready or due: tell it of what it does not know.
  const bool is_news = ready_.size() != were_ready || (was_empty && encoder_.span_count() != 0);
  Result<> trouble = TakeTrouble();
  lock.unlock();
  if (is_news) changed_.notify_all();
  return trouble;
}

void OtlpExporter::WaitForRoom(std::unique_lock<std::mutex>& lock) {
  if (HasRoom()) return;
  changed_.notify_all();
  changed_.wait(lock, [this] { return HasRoom(); });
}

void OtlpExporter::Add(const model::Span& span) {
  if (draining_ || !HasRoom()) {
    queue_full_.Add();
    return;
  }
  if (encoder_.span_count() == 0) opened_at_ = SteadyClock::now();
  encoder_.Add(span);
  ++held_spans_;
  const bool is_full = encoder_.span_count() >= options_.max_batch_spans ||
                       encoder_.size_bytes() >= options_.max_batch_bytes;
  if (is_full) CloseBatch();
}

void OtlpExporter::CloseBatch() {
  Batch batch;
  batch.spans = encoder_.span_count();
  batch.message = encoder_.Finish();
  ready_bytes_ += batch.message.size();
  ready_.push_back(std::move(batch));
}

Result<> OtlpExporter::TakeTrouble() {
  if (std::exchange(is_told_, true)) return {};
  return Error{"OTLP to " + WithoutPassword(options_.url) + ": " + trouble_};
}

Result<> OtlpExporter::Shutdown(std::chrono::milliseconds limit) {
  if (!thread_.joinable()) return {};
  const auto deadline = SteadyClock::now() + limit;
  surroundings_.transport->LimitTo(deadline);
  {
    std::unique_lock lock(mutex_);
    draining_ = true;
    hurry_ = true;
    changed_.notify_all();
    changed_.wait_until(lock, deadline, [this] { return held_spans_ == 0; });
  }
  thread_.request_stop();
  surroundings_.transport->LimitTo(SteadyClock::now());
  thread_.join();
  const uint64_t left = std::exchange(held_spans_, 0);
  shutdown_.Add(left);
  stage_.held.Set(0);
  if (left == 0) return TakeTrouble();
  return Error{"OTLP to " + WithoutPassword(options_.url) + ": " + std::to_string(left) +
               " spans could not be delivered before the end" +
               (trouble_.empty() ? "" : ": " + trouble_)};
}

// --- the sender's thread ------------------------------------------------------------------------

void OtlpExporter::Run(const std::stop_token& stop) {
  BlockSignals();
  while (auto batch = NextBatch(stop)) Deliver(*std::move(batch), stop);
}

bool OtlpExporter::IsDue() const {
  return draining_ || SteadyClock::now() >= opened_at_ + options_.schedule_delay;
}

std::optional<OtlpExporter::Batch> OtlpExporter::TakeBatch() {
  if (ready_.empty() && encoder_.span_count() != 0 && IsDue()) CloseBatch();
  if (ready_.empty()) return std::nullopt;
  Batch batch = std::move(ready_.front());
  ready_.pop_front();
  return batch;
}

void OtlpExporter::WaitForNews(std::unique_lock<std::mutex>& lock, const std::stop_token& stop) {
  if (encoder_.span_count() == 0) {
    changed_.wait(lock, stop, [this] { return !ready_.empty() || encoder_.span_count() != 0; });
    return;
  }
  changed_.wait_until(lock, stop, opened_at_ + options_.schedule_delay,
                      [this] { return !ready_.empty() || draining_; });
}

// Waits for a batch that is full or due. Nothing after a stop: what is left is Shutdown()'s to
// count.
std::optional<OtlpExporter::Batch> OtlpExporter::NextBatch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (auto batch = TakeBatch()) return batch;
    WaitForNews(lock, stop);
  }
  return std::nullopt;
}

void OtlpExporter::Deliver(Batch batch, const std::stop_token& stop) {
  const size_t size_bytes = batch.message.size();
  backoff_.Reset();
  const Result<std::string> body = RequestBody(options_, std::move(batch.message));
  OtlpVerdict verdict;
  if (body) {
    verdict = Send(*body);
    while (verdict.kind == Kind::kRetry && WaitToRetry(verdict, stop)) verdict = Send(*body);
  } else {
    verdict = {.kind = Kind::kRefused, .message = body.error().message};
  }
  // Still kRetry: there is no time left, and Shutdown() counts what is held.
  if (verdict.kind == Kind::kRetry) return;
  Settle(batch, verdict);
  Release(batch, size_bytes);
}

OtlpVerdict OtlpExporter::Send(const std::string& body) {
  const TransportReply reply = surroundings_.transport->Post(body);
  const uint64_t now_ns = surroundings_.clock->Now().wall_ns;
  OtlpVerdict verdict =
      JudgeReply(options_.protocol, reply, static_cast<int64_t>(now_ns / 1'000'000'000));
  Trouble(verdict.message);
  return verdict;
}

// False when there is no time for another attempt.
bool OtlpExporter::WaitToRetry(const OtlpVerdict& verdict, const std::stop_token& stop) {
  const auto until = SteadyClock::now() + verdict.wait.value_or(backoff_.Next());
  std::unique_lock lock(mutex_);
  // A server that named a time is not hurried.
  const auto hurried = [&] { return hurry_ && !verdict.wait; };
  changed_.wait_until(lock, stop, until, hurried);
  if (hurried()) hurry_ = false;
  return !stop.stop_requested();
}

void OtlpExporter::Settle(const Batch& batch, const OtlpVerdict& verdict) {
  if (verdict.kind == Kind::kRefused) {
    refused_.Add(batch.spans);
    return;
  }
  const uint64_t rejected = std::min<uint64_t>(verdict.rejected, batch.spans);
  stage_.out.Add(batch.spans - rejected);
  rejected_.Add(rejected);
}

void OtlpExporter::Release(const Batch& batch, size_t size_bytes) {
  {
    std::lock_guard lock(mutex_);
    held_spans_ -= batch.spans;
    ready_bytes_ -= size_bytes;
    stage_.held.Set(held_spans_);
  }
  changed_.notify_all();
}

// Notes what the server said; empty = all is well.
void OtlpExporter::Trouble(const std::string& text) {
  std::lock_guard lock(mutex_);
  if (text.empty()) {
    trouble_.clear();
    is_told_ = true;
    return;
  }
  // The first of a series is told: what follows is of the same kind, or the end of our patience.
  if (!trouble_.empty()) return;
  is_told_ = false;
  trouble_ = text;
}

}  // namespace spanwire::exporter
