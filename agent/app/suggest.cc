// SPDX-License-Identifier: Apache-2.0
#include "agent/app/suggest.h"

#include <algorithm>
#include <vector>

namespace spanwire::app {
namespace {

// Longer than any verb or flag: what is longer is no typing error.
constexpr size_t kMaxTyped = 40;

std::string_view OnlyCompletion(std::string_view typed, std::span<const std::string> candidates) {
  std::string_view only;
  for (const auto& candidate : candidates) {
    if (!candidate.starts_with(typed)) continue;
    if (!only.empty()) return {};
    only = candidate;
  }
  return only;
}

}  // namespace

size_t EditDistance(std::string_view a, std::string_view b) {
  // Three rows of the matrix: two above, one above, and the one being filled.
  std::vector<size_t> above2(b.size() + 1);
  std::vector<size_t> above(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replace});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], above2[j - 2] + 1);
    }
    std::swap(above2, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::string_view Suggest(std::string_view typed, std::span<const std::string> candidates) {
  if (typed.empty() || typed.size() > kMaxTyped) return {};
  std::string_view best;
  size_t best_distance = std::max<size_t>(1, typed.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    const size_t distance = EditDistance(typed, candidate);
    if (distance >= best_distance) continue;
    best = candidate;
    best_distance = distance;
  }
  return best.empty() ? OnlyCompletion(typed, candidates) : best;
}

}  // namespace spanwire::app
