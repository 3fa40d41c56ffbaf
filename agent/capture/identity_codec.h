// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "agent/model/process.h"

namespace spanwire::capture {

// How a resolved process lies in a recording, after the record's header: fixed numbers, then
// length-prefixed (u32, little endian) strings and lists in the order of model::Process.
void EncodeIdentity(const model::Process& process, std::string& out);

// False when `bytes` is cut, has bytes left over, or asks for more than there is.
bool DecodeIdentity(std::span<const std::byte> bytes, model::Process& process);

}  // namespace spanwire::capture
