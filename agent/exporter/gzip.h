// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "agent/base/result.h"

// RFC 1952.
namespace spanwire::exporter {

Result<std::string> Gzip(std::string_view bytes);

// An error when `bytes` are damaged or unpack to more than `limit_bytes`.
Result<std::string> Gunzip(std::string_view bytes, size_t limit_bytes);

}  // namespace spanwire::exporter
