// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/ring_buffer_source.h"

#include <bpf/libbpf.h>
#include <sys/epoll.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>

#include "agent/base/byte_reader.h"
#include "agent/capture/decode.h"
#include "agent/capture/event_stage.h"
#include "agent/capture/identity_codec.h"

namespace spanwire::capture {
namespace {

constexpr std::chrono::milliseconds kBatchPause{5};
constexpr Nanoseconds kTickInterval = 10'000'000;

struct RingCloser {
  void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

class LiveSource final : public RingBufferSource {
 public:
  LiveSource(const LiveParts& parts, Ledger& ledger)
      : parts_(parts),
        ring_stage_(ledger.AddStage("ring", "events")),
        ring_full_(ring_stage_.Drop("ring_full")),
        no_scratch_(ring_stage_.Drop("no_scratch")),
        hook_skipped_(ring_stage_.Drop("hook_skipped")),
        decode_stage_(ledger) {}

  Result<> Open() {
    ring_.reset(ring_buffer__new(parts_.tracer->ring_fd(), &LiveSource::OnSample, this, nullptr));
    if (!ring_) return ErrnoError("cannot map the ring buffer", errno);
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

  void UpdateLedger() override {
    // What the reader has seen first: the kernel's counters can only be ahead of it.
    const uint64_t seen = consumed_;
    const KernelCounters counters = parts_.tracer->counters();
    const uint64_t skipped = parts_.tracer->skipped_runs();
    const uint64_t lost = counters[SPANWIRE_COUNT_RING_FULL] + counters[SPANWIRE_COUNT_NO_SCRATCH];
    // A run that was left out would have made one record at most.
    ring_stage_.in.Set(counters[SPANWIRE_COUNT_RECORDS] + skipped);
    ring_stage_.out.Set(seen);
    ring_full_.Set(counters[SPANWIRE_COUNT_RING_FULL]);
    no_scratch_.Set(counters[SPANWIRE_COUNT_NO_SCRATCH]);
    hook_skipped_.Set(skipped);
    ring_stage_.held.Set(counters[SPANWIRE_COUNT_RECORDS] - lost - seen);
  }

  void Drain(model::EventSink& sink) override {
    sink_ = &sink;
    parts_.tracer->Sweep();
    parts_.tracer->Detach();
    Consume();
    Tick(true);
  }

 private:
  static int OnSample(void* context, void* bytes, size_t size) {
    static_cast<LiveSource*>(context)->OnRecord(
        WithoutRoom({static_cast<const std::byte*>(bytes), size}));
    return 0;
  }

  // The kernel may reserve more room than a record fills. A size that cannot be is left to the
  // decoder.
  static std::span<const std::byte> WithoutRoom(std::span<const std::byte> sample) {
    const auto header = ByteReader(sample).ReadPod<spanwire_header>();
    return header && header->size <= sample.size() ? sample.first(header->size) : sample;
  }

  void OnRecord(std::span<const std::byte> record) {
    ++consumed_;
    ++delivered_;
    const Decoded decoded = DecodeRecord(record, *sink_);
    decode_stage_.Count(0, decoded);
    if (decoded == Decoded::kProcess) return OnProcess(record);
    if (decoded == Decoded::kDelivered && parts_.tap) parts_.tap->OnRecord(record);
  }

  void OnProcess(std::span<const std::byte> record) {
    model::KernelProcess kernel;
    if (!DecodeProcess(record, kernel)) return;
    const model::Process process = parts_.resolver->Resolve(kernel);
    sink_->OnProcess(process);
    if (!parts_.tap) return;
    std::string identity(sizeof(spanwire_header), '\0');
    EncodeIdentity(process, identity);
    spanwire_header header{SPANWIRE_RECORD_IDENTITY, 0, static_cast<uint32_t>(identity.size())};
    std::memcpy(identity.data(), &header, sizeof(header));
    parts_.tap->OnRecord(std::as_bytes(std::span(identity)));
  }

  void Consume() {
    parts_.tracer->control().reader_state = SPANWIRE_READER_BUSY;
    ring_buffer__consume(ring_.get());
  }

  // Says how the reader sleeps, then makes sure that nothing came before it said so, then sleeps.
  void Wait(uint32_t state, std::chrono::milliseconds timeout) {
    auto& control = parts_.tracer->control();
    __atomic_store_n(&control.reader_state, state, __ATOMIC_SEQ_CST);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (state == SPANWIRE_READER_WAITING) {
      ring_buffer__consume(ring_.get());
      if (delivered_ > 0) return;
    }
    epoll_event event{};
    epoll_wait(ring_buffer__epoll_fd(ring_.get()), &event, 1, static_cast<int>(timeout.count()));
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
  Counter& ring_full_;
  Counter& no_scratch_;
  Counter& hook_skipped_;
  EventStage decode_stage_;
  std::unique_ptr<ring_buffer, RingCloser> ring_;
  model::EventSink* sink_ = nullptr;
  uint64_t consumed_ = 0;
  size_t delivered_ = 0;
  bool busy_ = false;
  Nanoseconds last_tick_ns_ = 0;
};

}  // namespace

Result<std::unique_ptr<RingBufferSource>> RingBufferSource::Create(const LiveParts& parts,
                                                                   Ledger& ledger) {
  auto source = std::make_unique<LiveSource>(parts, ledger);
  SPANWIRE_RETURN_IF_ERROR(source->Open());
  return std::unique_ptr<RingBufferSource>(std::move(source));
}

}  // namespace spanwire::capture
