// SPDX-License-Identifier: Apache-2.0
#include "agent/app/verb_table.h"

#include <algorithm>

namespace spanwire::app {
namespace {

constexpr std::array<VerbInfo, 7> kVerbs{{
    {Verb::kTail,
     "tail",
     "",
     "show requests as they happen, one line each",
     {"spanwire tail --port 80,8080", "spanwire tail --comm nginx --limit 100",
      "spanwire tail -o json | jq 'select(.duration_ns > 100000000)'"}},
    {Verb::kDaemon,
     "daemon",
     "",
     "export the spans over OTLP or to a file until stopped",
     {"spanwire daemon --otlp-endpoint http://localhost:4317 --otlp-protocol grpc",
      "spanwire daemon --otlp-file /var/lib/spanwire/spans.jsonl",
      "spanwire daemon --otlp-file - --for 30s --port 443 --stats-file stats.json"}},
    {Verb::kRecord,
     "record",
     "",
     "write what the kernel reports to a file, for a later replay",
     {"spanwire record -o slow.spanwire --for 30s", "spanwire record -o shop.spanwire --comm shop",
      "spanwire record -o db.spanwire --port 5432"}},
    {Verb::kReplay,
     "replay",
     "FILE",
     "show the requests of a recording; needs no privileges",
     {"spanwire replay slow.spanwire", "spanwire replay slow.spanwire -o json",
      "spanwire replay slow.spanwire --otlp-file spans.jsonl"}},
    {Verb::kDoctor,
     "doctor",
     "",
     "check what this kernel and these privileges allow",
     {"spanwire doctor", "spanwire doctor -o json", "sudo spanwire doctor --color never"}},
    {Verb::kVersion,
     "version",
     "",
     "print the version",
     {"spanwire version", "spanwire --version", "spanwire help version"}},
    {Verb::kHelp,
     "help",
     "[VERB]",
     "explain a verb and all its flags",
     {"spanwire help", "spanwire help tail", "spanwire tail -h"}},
}};

constexpr bool InOrder() {
  for (size_t i = 0; i < kVerbs.size(); ++i) {
    if (static_cast<size_t>(kVerbs[i].verb) != i) return false;
  }
  return true;
}
static_assert(InOrder(), "InfoOf() finds a verb by its value");

}  // namespace

std::span<const VerbInfo> Verbs() { return kVerbs; }

const VerbInfo& InfoOf(Verb verb) { return kVerbs[static_cast<size_t>(verb)]; }

std::optional<Verb> FindVerb(std::string_view name) {
  const auto* found = std::ranges::find(kVerbs, name, &VerbInfo::name);
  if (found == kVerbs.end()) return std::nullopt;
  return found->verb;
}

}  // namespace spanwire::app
