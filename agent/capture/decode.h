// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "agent/model/event.h"

namespace spanwire::capture {

// Why a record was refused. kProcess is not a refusal: the kernel's description of a process needs
// resolving first, so the caller handles it.
enum class Decoded : uint8_t { kDelivered, kProcess, kBadSize, kBadType, kBadField };

// Checks one record of include/spanwire/abi.h and hands it to `sink`. Trusts nothing in it: not its
// size, its type, its enums nor its lengths. Views in the event point into `record`.
Decoded DecodeRecord(std::span<const std::byte> record, model::EventSink& sink);

// The kernel's description of a process, when `record` is a whole SPANWIRE_RECORD_PROCESS.
bool DecodeProcess(std::span<const std::byte> record, model::KernelProcess& process);

}  // namespace spanwire::capture
