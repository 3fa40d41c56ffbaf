// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "agent/base/result.h"

namespace spanwire::capture {

// The reader's end of a BPF ring buffer (linux/bpf.h, BPF_MAP_TYPE_RINGBUF). It needs only the
// map's descriptor: no privilege and no bpf(2), which libbpf's reader calls. One thread, one reader
// a ring.
class RingReader {
 public:
  // Takes one record. `next` is the position in the ring after it: whoever reads on after our death
  // begins there.
  class Taker {
   public:
    virtual ~Taker() = default;
    virtual void OnSample(std::span<const std::byte> sample, uint64_t next) = 0;
  };

  // Maps the ring `fd` of `size_bytes` (a power of two, whole pages).
  static Result<RingReader> Map(int fd, size_t size_bytes);

  // Reads on at `position`, when that is further than where the kernel knows the reader.
  void ResumeAt(uint64_t position);

  // Hands over all committed records. The memory of each is the kernel's again after its OnSample.
  void Consume(Taker& taker);

 private:
  // Pages of a mapping; unmapped at the end.
  struct Unmapper {
    size_t size_bytes = 0;
    void operator()(std::byte* pages) const;
  };
  using Pages = std::unique_ptr<std::byte, Unmapper>;
  RingReader(Pages consumer, Pages producer, size_t size_bytes);

  bool ConsumeOne(uint64_t produced, Taker& taker);

  Pages consumer_pages_;
  Pages producer_pages_;
  size_t size_bytes_;
  uint64_t* consumed_;        // shared: written by the reader
  const uint64_t* produced_;  // shared: written by the kernel
  const std::byte* samples_;  // the ring, mapped twice in a row
  uint64_t position_ = 0;
};

}  // namespace spanwire::capture
