// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/ring_reader.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace spanwire::capture {
namespace {

// Of the 32-bit length before each sample (include/uapi/linux/bpf.h).
constexpr uint32_t kBusy = 1u << 31;
constexpr uint32_t kDiscarded = 1u << 30;
constexpr size_t kSampleHeader = 8;

Error MapError() { return ErrnoError("cannot map the ring buffer", errno); }

}  // namespace

void RingReader::Unmapper::operator()(std::byte* pages) const { munmap(pages, size_bytes); }

RingReader::RingReader(Pages consumer, Pages producer, size_t size_bytes)
    : consumer_pages_(std::move(consumer)),
      producer_pages_(std::move(producer)),
      size_bytes_(size_bytes),
      consumed_(reinterpret_cast<uint64_t*>(consumer_pages_.get())),        // NOLINT: shared page
      produced_(reinterpret_cast<const uint64_t*>(producer_pages_.get())),  // NOLINT: shared page
      samples_(producer_pages_.get() + sysconf(_SC_PAGESIZE)),
      position_(__atomic_load_n(consumed_, __ATOMIC_ACQUIRE)) {}

Result<RingReader> RingReader::Map(int fd, size_t size_bytes) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* consumer = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (consumer == MAP_FAILED) return MapError();
  Pages consumer_pages(static_cast<std::byte*>(consumer), Unmapper{page});
  const size_t size = page + 2 * size_bytes;
  void* producer = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(page));
  if (producer == MAP_FAILED) return MapError();
  Pages producer_pages(static_cast<std::byte*>(producer), Unmapper{size});
  return RingReader(std::move(consumer_pages), std::move(producer_pages), size_bytes);
}

void RingReader::ResumeAt(uint64_t position) {
  const uint64_t produced = __atomic_load_n(produced_, __ATOMIC_ACQUIRE);
  if (position <= position_ || position > produced || position % kSampleHeader != 0) return;
  position_ = position;
  __atomic_store_n(consumed_, position_, __ATOMIC_RELEASE);
}

void RingReader::Consume(Taker& taker) {
  uint64_t produced = __atomic_load_n(produced_, __ATOMIC_ACQUIRE);
  while (position_ < produced) {
    while (position_ < produced) {
      if (!ConsumeOne(produced, taker)) return;
    }
    produced = __atomic_load_n(produced_, __ATOMIC_ACQUIRE);
  }
}

// False: the next one is still being written.
bool RingReader::ConsumeOne(uint64_t produced, Taker& taker) {
  const std::byte* header = samples_ + (position_ & (size_bytes_ - 1));
  const uint32_t length =
      __atomic_load_n(reinterpret_cast<const uint32_t*>(header), __ATOMIC_ACQUIRE);  // NOLINT
  if ((length & kBusy) != 0) return false;
  const size_t size = length & ~(kBusy | kDiscarded);
  const uint64_t end = position_ + ((size + 2 * kSampleHeader - 1) & ~(kSampleHeader - 1));
  // Only a reader that lost its place sees a length that cannot be: all that is there is skipped.
  const bool good = end <= produced && size <= size_bytes_;
  const uint64_t next = good ? end : produced;
  if (good && (length & kDiscarded) == 0) taker.OnSample({header + kSampleHeader, size}, next);
  position_ = next;
  __atomic_store_n(consumed_, position_, __ATOMIC_RELEASE);
  return true;
}

}  // namespace spanwire::capture
