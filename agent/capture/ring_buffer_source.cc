// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/ring_buffer_source.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "agent/base/byte_reader.h"
#include "agent/base/unique_fd.h"
#include "agent/capture/decode.h"
#include "agent/capture/event_stage.h"
#include "agent/capture/identity_codec.h"

namespace spanwire::capture {
namespace {

constexpr std::chrono::milliseconds kBatchPause{5};
constexpr Nanoseconds kTickInterval = 10'000'000;

class LiveSource final : public RingBufferSource, private RingReader::Taker {
 public:
  LiveSource(const LiveParts& parts, RingReader ring, Ledger& ledger)
      : parts_(parts),
        ring_stage_(ledger.AddStage("ring", "events")),
        decode_stage_(ledger),
        ring_(std::move(ring)) {}

  Result<> Open() {
    wait_.Reset(epoll_create1(EPOLL_CLOEXEC));
    if (!wait_) return ErrnoError("cannot wait for the ring buffer", errno);
    for (const int fd : {parts_.ring_fd, parts_.wake_fd}) {
      epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
      if (fd < 0 || epoll_ctl(wait_.get(), EPOLL_CTL_ADD, fd, &event) == 0) continue;
      return ErrnoError("cannot wait for the ring buffer", errno);
    }
    return {};
  }

  Result<size_t> Poll(std::chrono::milliseconds timeout, model::EventSink& sink) override {
    sink_ = &sink;
    delivered_ = 0;
    if (last_tick_ns_ == 0) Tick(true);  // wall time is known before the first event
    if (busy_) {
      Wait(SPANWIRE_READER_BATCHING, std::min(kBatchPause, timeout));
    } else {
      Wait(SPANWIRE_READER_WAITING, timeout);
    }
    Consume();
    busy_ = delivered_ > 0;
    Tick(!busy_);
    return delivered_;
  }

  bool finished() const override { return false; }

  void Introduce(const model::Process& process, model::EventSink& sink) override {
    sink_ = &sink;
    ring_stage_.in.Add();
    ring_stage_.out.Add();
    decode_stage_.Count(0, Decoded::kDelivered);
    Tell(process);
  }

  void Drain(model::EventSink& sink) override {
    sink_ = &sink;
    Consume();
    Tick(true);
  }

 private:
  // A record counts as taken before it is looked at: one that kills its reader is not read again.
  void OnSample(std::span<const std::byte> sample, uint64_t next) override {
    parts_.taken->Take(next);
    ring_stage_.out.Add();
    OnRecord(WithoutRoom(sample));
  }

  // The kernel may reserve more room than a record fills. A size that cannot be is left to the
  // decoder.
  static std::span<const std::byte> WithoutRoom(std::span<const std::byte> sample) {
    const auto header = ByteReader(sample).ReadPod<spanwire_header>();
    return header && header->size <= sample.size() ? sample.first(header->size) : sample;
  }

  void OnRecord(std::span<const std::byte> record) {
    ++delivered_;
    const Decoded decoded = DecodeRecord(record, *sink_);
    decode_stage_.Count(0, decoded);
    if (decoded == Decoded::kProcess) return OnProcess(record);
    if (decoded == Decoded::kDelivered && parts_.tap) parts_.tap->OnRecord(record);
  }

  void OnProcess(std::span<const std::byte> record) {
    const auto raw = ByteReader(record).ReadPod<spanwire_process>();
    if (raw) Tell(parts_.resolver->Resolve(*raw));
  }

  void Tell(const model::Process& process) {
    sink_->OnProcess(process);
    if (!parts_.tap) return;
    std::string identity(sizeof(spanwire_header), '\0');
    EncodeIdentity(process, identity);
    spanwire_header header{SPANWIRE_RECORD_IDENTITY, 0, static_cast<uint32_t>(identity.size())};
    std::memcpy(identity.data(), &header, sizeof(header));
    parts_.tap->OnRecord(std::as_bytes(std::span(identity)));
  }

  void Consume() {
    __atomic_store_n(&parts_.control->reader_state, SPANWIRE_READER_BUSY, __ATOMIC_RELAXED);
    ring_.Consume(*this);
  }

  // Says how the reader sleeps, then makes sure that nothing came before it said so, then sleeps.
  void Wait(uint32_t state, std::chrono::milliseconds timeout) {
    __atomic_store_n(&parts_.control->reader_state, state, __ATOMIC_SEQ_CST);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (state == SPANWIRE_READER_WAITING) {
      ring_.Consume(*this);
      if (delivered_ > 0) return;
    }
    std::array<epoll_event, 2> events{};
    epoll_wait(wait_.get(), events.data(), static_cast<int>(events.size()),
               static_cast<int>(timeout.count()));
  }

  void Tick(bool idle) {
    const ClockAnchor now = parts_.clock->Now();
    if (!idle && now.monotonic_ns - last_tick_ns_ < kTickInterval) return;
    last_tick_ns_ = now.monotonic_ns;
    sink_->OnTick(now);
    if (!parts_.tap) return;
    const spanwire_tick tick{
        {SPANWIRE_RECORD_TICK, 0, sizeof(spanwire_tick)}, now.monotonic_ns, now.wall_ns};
    parts_.tap->OnRecord(std::as_bytes(std::span(&tick, 1)));
  }

  LiveParts parts_;
  Stage& ring_stage_;
  EventStage decode_stage_;
  RingReader ring_;
  UniqueFd wait_;
  model::EventSink* sink_ = nullptr;
  size_t delivered_ = 0;
  bool busy_ = false;
  Nanoseconds last_tick_ns_ = 0;
};

}  // namespace

Result<std::unique_ptr<RingBufferSource>> RingBufferSource::Create(const LiveParts& parts,
                                                                   RingReader ring,
                                                                   Ledger& ledger) {
  auto source = std::make_unique<LiveSource>(parts, std::move(ring), ledger);
  SPANWIRE_RETURN_IF_ERROR(source->Open());
  return std::unique_ptr<RingBufferSource>(std::move(source));
}

}  // namespace spanwire::capture
