// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agent/base/ledger.h"
#include "agent/capture/kernel_tracer.h"
#include "agent/door/request.h"
#include "agent/door/shared_memory.h"

namespace spanwire::keeper {

// The loss ledger of a whole run, over the lives of several workers.
//
// Each worker counts in shared memory and tells where. When one dies, what it had taken and not
// given on becomes a drop with the reason worker_lost, so that every equality of the ledger holds.
// The stage "ring" is completed from the kernel's counters. Numbers of a worker are believed, for
// they are its own account; they can be wrong, not harmful.
class LossAccount {
 public:
  // A new worker, which counts in `memory` until EndWorker().
  void BeginWorker(const door::SharedMemory& memory);
  // The worker's next stage, or one that it told of and that has more reasons now. False: not what
  // the workers before it had, or too many.
  bool AddStage(door::StageLayout layout);
  // How many events all workers took off the ring, and where the next one begins to read.
  uint64_t taken() const;
  uint64_t resume() const { return memory_ ? memory_->Taken().position : resume_; }
  uint64_t recorded_bytes() const;

  // The worker has ended; `clean`: it had finished all it held.
  void EndWorker(bool clean);

  // Which numbers of a living worker: of this very moment, when its stages may be at work, or those
  // of its last COUNTED.
  enum class When : uint8_t { kNow, kCounted };

  // The whole ledger, in the order of the stages. Returns the kernel's counters that it holds: they
  // are asked for after the worker's numbers, which they can only be ahead of.
  capture::KernelCounters Fill(Ledger& ledger, const capture::KernelTracer& tracer,
                               When when) const;
  // The same when nobody will read what is in the ring any more: it is lost.
  capture::KernelCounters FillLast(Ledger& ledger, const capture::KernelTracer& tracer) const;

 private:
  struct Numbers {
    uint64_t in = 0;
    uint64_t out = 0;
    uint64_t held = 0;
    std::map<std::string, uint64_t> dropped;
  };
  struct Row {
    door::StageLayout layout;
    Numbers past;  // of workers that ended
  };

  Numbers Read(const Row& row, When when) const;

  std::vector<Row> rows_;
  size_t told_ = 0;  // rows that the present worker told of
  const door::SharedMemory* memory_ = nullptr;
  uint64_t past_taken_ = 0;
  uint64_t resume_ = 0;
  uint64_t recorded_bytes_ = 0;
};

}  // namespace spanwire::keeper
