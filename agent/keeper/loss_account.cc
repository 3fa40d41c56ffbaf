// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/loss_account.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace spanwire::keeper {
namespace {

constexpr std::string_view kRing = "ring";
constexpr std::string_view kExporter = "exporter/";
constexpr const char* kWorkerLost = "worker_lost";

uint64_t Less(uint64_t from, uint64_t what) { return from > what ? from - what : 0; }

bool SameStage(const door::StageLayout& one, const door::StageLayout& other) {
  return one.name == other.name && one.unit == other.unit;
}

// A dead worker's stage: `arrived` came in, and what neither went out nor was dropped is lost.
template <typename Numbers>
void Close(Numbers& numbers, uint64_t arrived) {
  uint64_t accounted = numbers.out;
  for (const auto& [reason, count] : numbers.dropped) accounted += count;
  numbers.in = std::max(arrived, accounted);
  numbers.held = 0;
  if (numbers.in > accounted) numbers.dropped[kWorkerLost] += numbers.in - accounted;
}

// Completes the stage that the kernel fills. A run that was left out would have made one record at
// most.
void CompleteRing(Stage& stage, const capture::KernelCounters& kernel) {
  const uint64_t skipped = kernel[SPANWIRE_COUNT_SKIPPED];
  const uint64_t lost = kernel[SPANWIRE_COUNT_RING_FULL] + kernel[SPANWIRE_COUNT_NO_SCRATCH];
  const uint64_t introduced = stage.in.Get();
  stage.in.Set(kernel[SPANWIRE_COUNT_RECORDS] + skipped + introduced);
  stage.Drop("ring_full").Set(kernel[SPANWIRE_COUNT_RING_FULL]);
  stage.Drop("no_scratch").Set(kernel[SPANWIRE_COUNT_NO_SCRATCH]);
  stage.Drop("hook_skipped").Set(skipped);
  stage.held.Set(Less(kernel[SPANWIRE_COUNT_RECORDS] + introduced, lost + stage.out.Get()));
}

}  // namespace

void LossAccount::BeginWorker(const door::SharedMemory& memory) {
  memory_ = &memory;
  told_ = 0;
}

bool LossAccount::AddStage(door::StageLayout layout) {
  for (size_t i = 0; i < told_; ++i) {
    if (!SameStage(rows_[i].layout, layout)) continue;
    rows_[i].layout = std::move(layout);
    return true;
  }
  if (told_ >= SPANWIRE_DOOR_STAGES || (told_ == 0 && layout.name != kRing)) return false;
  if (told_ == rows_.size()) {
    rows_.emplace_back();
  } else if (!SameStage(rows_[told_].layout, layout)) {
    return false;
  }
  rows_[told_++].layout = std::move(layout);
  return true;
}

uint64_t LossAccount::taken() const {
  return past_taken_ + (memory_ ? memory_->Taken().records : 0);
}

uint64_t LossAccount::recorded_bytes() const {
  return memory_ ? memory_->get().recorded_bytes : recorded_bytes_;
}

// What the present worker counted in this stage.
LossAccount::Numbers LossAccount::Read(const Row& row, When when) const {
  const door::StageLayout& layout = row.layout;
  const auto at = [&](uint32_t index) {
    return when == When::kNow ? memory_->CounterAt(index) : memory_->CountedAt(index);
  };
  Numbers numbers{at(layout.in), at(layout.out), at(layout.held), {}};
  // What comes in there so far are introductions: they go out at once.
  if (layout.name == kRing) {
    const auto taken =
        when == When::kNow ? memory_->Taken().records : memory_->get().counted_records;
    numbers.out = numbers.in + taken;
  }
  for (const auto& [reason, counter] : layout.reasons) numbers.dropped[reason] += at(counter);
  return numbers;
}

void LossAccount::EndWorker(bool clean) {
  if (!memory_) return;
  const spanwire_taken taken = memory_->Taken();
  past_taken_ += taken.records;
  resume_ = std::max<uint64_t>(resume_, taken.position);
  recorded_bytes_ = memory_->get().recorded_bytes;
  const door::StageLayout* before = nullptr;
  uint64_t given = 0;  // by the stage before
  for (size_t i = 0; i < told_; ++i) {
    Row& row = rows_[i];
    Numbers numbers = Read(row, When::kNow);
    const bool linked = before && before->unit == row.layout.unit;
    if (!clean && row.layout.name != kRing) Close(numbers, linked ? given : numbers.in);
    row.past.in += numbers.in;
    row.past.out += numbers.out;
    row.past.held += numbers.held;
    for (const auto& [reason, count] : numbers.dropped) row.past.dropped[reason] += count;
    if (row.layout.name.starts_with(kExporter)) continue;
    before = &row.layout;
    given = numbers.out;
  }
  memory_ = nullptr;
}

capture::KernelCounters LossAccount::Fill(Ledger& ledger, const capture::KernelTracer& tracer,
                                          When when) const {
  Stage* ring = nullptr;
  for (size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    Stage& stage = ledger.AddStage(row.layout.name, row.layout.unit);
    if (i == 0) ring = &stage;
    const Numbers now = memory_ && i < told_ ? Read(row, when) : Numbers{};
    stage.in.Set(row.past.in + now.in);
    stage.out.Set(row.past.out + now.out);
    stage.held.Set(row.past.held + now.held);
    // In the order in which the worker named them.
    for (const auto& [reason, counter] : row.layout.reasons) stage.Drop(reason);
    for (const auto* numbers : {&row.past, &now}) {
      for (const auto& [reason, count] : numbers->dropped) stage.Drop(reason).Add(count);
    }
  }
  const capture::KernelCounters kernel = tracer.counters();
  if (ring) CompleteRing(*ring, kernel);
  return kernel;
}

capture::KernelCounters LossAccount::FillLast(Ledger& ledger,
                                              const capture::KernelTracer& tracer) const {
  const capture::KernelCounters kernel = Fill(ledger, tracer, When::kNow);
  if (ledger.stages().empty()) return kernel;
  Stage& ring = *ledger.stages().front();
  if (ring.held.Get() > 0) ring.Drop(kWorkerLost).Set(ring.held.Get());
  ring.held.Set(0);
  return kernel;
}

}  // namespace spanwire::keeper
