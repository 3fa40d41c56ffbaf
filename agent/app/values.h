// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"

// The texts of the command line turned into values. Errors quote the text and name the accepted
// forms; the caller adds which flag it was.
namespace spanwire::app {

// "250ms", "10s", "5m", "2h", "1d"; "0" needs no unit. Whole numbers only; at most 366 days.
Result<std::chrono::milliseconds> ParseDuration(std::string_view text);

// Bytes: "4096", "64KiB" or "64K", "4MiB" or "4M", "1GiB" or "1G" (powers of 1024).
Result<uint64_t> ParseSize(std::string_view text);

// A decimal number in [low, high].
struct NumberRange {
  uint64_t low = 0;
  uint64_t high = 0;
};
Result<uint64_t> ParseNumber(std::string_view text, NumberRange range);

// The parts of "a,b,c" with the blanks around them removed; empty parts are left out.
std::vector<std::string> SplitList(std::string_view text);

}  // namespace spanwire::app
