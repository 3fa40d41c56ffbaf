// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace spanwire::app {

enum class Verb : uint8_t { kTail, kDaemon, kRecord, kReplay, kDoctor, kVersion, kHelp };

// A set of verbs: bit N is the verb of value N.
using VerbSet = uint32_t;

constexpr VerbSet SetOf(Verb verb) { return VerbSet{1} << static_cast<unsigned>(verb); }

// One verb as the user sees it.
struct VerbInfo {
  Verb verb = Verb::kHelp;
  std::string_view name;
  std::string_view argument;  // what may follow it: "FILE", "[VERB]" or nothing
  std::string_view summary;
  std::array<std::string_view, 3> examples;
};

// All verbs, in the order in which help lists them.
std::span<const VerbInfo> Verbs();

const VerbInfo& InfoOf(Verb verb);
std::optional<Verb> FindVerb(std::string_view name);

}  // namespace spanwire::app
