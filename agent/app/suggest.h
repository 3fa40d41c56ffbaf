// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace spanwire::app {

// The number of single-letter insertions, deletions, replacements and swaps of neighbours that turn
// `a` into `b` (optimal string alignment distance).
size_t EditDistance(std::string_view a, std::string_view b);

// The candidate that `typed` most likely stands for, or empty when none is near: at most a third of
// its letters wrong, or the only candidate that `typed` begins. Lives as long as `candidates`.
std::string_view Suggest(std::string_view typed, std::span<const std::string> candidates);

}  // namespace spanwire::app
