// SPDX-License-Identifier: Apache-2.0
#include "agent/door/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <new>

namespace spanwire::door {

static_assert(sizeof(Counter) == sizeof(uint64_t));
static_assert(sizeof(spanwire_shared) % 4096 == 0);

void SharedMemory::Unmapper::operator()(spanwire_shared* memory) const {
  munmap(memory, sizeof(spanwire_shared));
}

Result<SharedMemory> SharedMemory::Make() {
  UniqueFd file(memfd_create("spanwire-counters", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return ErrnoError("cannot make shared memory", errno);
  if (ftruncate(file.get(), sizeof(spanwire_shared)) != 0 ||
      fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return ErrnoError("cannot size shared memory", errno);
  }
  return Map(std::move(file));
}

Result<SharedMemory> SharedMemory::Map(UniqueFd file) {
  void* memory =
      mmap(nullptr, sizeof(spanwire_shared), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) return ErrnoError("cannot map shared memory", errno);
  return SharedMemory(std::move(file), static_cast<spanwire_shared*>(memory));
}

std::span<Counter> SharedMemory::Counters() const {
  auto* first = new (memory_->counters) Counter[SPANWIRE_SHARED_COUNTERS];
  return {first, SPANWIRE_SHARED_COUNTERS};
}

spanwire_taken SharedMemory::Taken() const {
  const uint64_t turn = __atomic_load_n(&memory_->turn, __ATOMIC_ACQUIRE);
  return memory_->taken[turn & 1];
}

uint64_t SharedMemory::CountedAt(uint32_t index) const {
  return index < SPANWIRE_SHARED_COUNTERS
             ? __atomic_load_n(&memory_->counted[index], __ATOMIC_RELAXED)
             : 0;
}

void SharedMemory::Count() const {
  memory_->counted_records = Taken().records;
  for (uint32_t i = 0; i < SPANWIRE_SHARED_COUNTERS; ++i) memory_->counted[i] = CounterAt(i);
}

uint64_t SharedMemory::CounterAt(uint32_t index) const {
  return index < SPANWIRE_SHARED_COUNTERS
             ? __atomic_load_n(&memory_->counters[index], __ATOMIC_RELAXED)
             : 0;
}

}  // namespace spanwire::door
