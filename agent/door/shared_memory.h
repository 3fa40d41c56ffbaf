// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "agent/base/ledger.h"
#include "agent/base/result.h"
#include "agent/base/unique_fd.h"
#include "spanwire/door.h"

namespace spanwire::door {

// The memory that one worker and the keeper share (struct spanwire_shared). It cannot shrink, so
// that a worker cannot make the keeper's reads fault.
class SharedMemory {
 public:
  static Result<SharedMemory> Make();
  // Maps what the keeper made.
  static Result<SharedMemory> Map(UniqueFd file);

  int fd() const { return file_.get(); }
  spanwire_shared& get() const { return *memory_; }

  // The counters, for the worker's ledger: call it once.
  std::span<Counter> Counters() const;

  // What the worker took off the ring, all of it, at this moment.
  spanwire_taken Taken() const;
  uint64_t CounterAt(uint32_t index) const;
  uint64_t CountedAt(uint32_t index) const;

  // The worker's: copies the counters as they are now. Requires that nothing is on its way from one
  // stage to the next.
  void Count() const;

 private:
  struct Unmapper {
    void operator()(spanwire_shared* memory) const;
  };
  SharedMemory(UniqueFd file, spanwire_shared* memory) : file_(std::move(file)), memory_(memory) {}

  UniqueFd file_;
  std::unique_ptr<spanwire_shared, Unmapper> memory_;
};

// Notes that one more record was taken and where the next one begins. A death between two stores
// leaves the state before or after, never a mixture.
class TakenMark {
 public:
  explicit TakenMark(spanwire_shared& shared) : shared_(shared) {}

  void Take(uint64_t next_position) {
    const uint64_t turn = shared_.turn + 1;
    shared_.taken[turn & 1] = {++records_, next_position};
    __atomic_store_n(&shared_.turn, turn, __ATOMIC_RELEASE);
  }
  uint64_t records() const { return records_; }

 private:
  spanwire_shared& shared_;
  uint64_t records_ = 0;
};

}  // namespace spanwire::door
