// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/app/flags.h"
#include "agent/app/help.h"
#include "agent/app/live.h"
#include "agent/app/version.h"

namespace {

using spanwire::app::Options;
using spanwire::app::Verb;

int Run(const Options& options, const std::vector<std::string>& arguments) {
  switch (options.verb) {
    case Verb::kTail:
    case Verb::kDaemon:
    case Verb::kRecord: return spanwire::app::RunLive(options, arguments);
    case Verb::kReplay: return spanwire::app::RunReplay(options);
    case Verb::kDoctor: return spanwire::app::RunDoctor(options);
    case Verb::kVersion:
      std::printf("spanwire %.*s\n", static_cast<int>(spanwire::app::kVersion.size()),
                  spanwire::app::kVersion.data());
      return spanwire::app::kExitOk;
    case Verb::kHelp:
      std::fputs(spanwire::app::HelpText(options.help).c_str(), stdout);
      return spanwire::app::kExitOk;
  }
  return spanwire::app::kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> all(argv, static_cast<size_t>(argc));
  const std::string_view first = argc > 1 ? all[1] : "";
  if (first == spanwire::app::kProbeWord && argc == 3) return spanwire::app::RunProbe(all[2]);
  const bool is_worker = first == spanwire::app::kWorkerWord;
  const auto rest = all.subspan(is_worker ? 1 : 0);  // its first word stands for the program
  auto options = spanwire::app::ParseCommandLine(static_cast<int>(rest.size()), rest.data());
  if (!options) {
    std::fprintf(stderr, "spanwire: %s\n", options.error().message.c_str());
    return spanwire::app::kExitUsage;
  }
  if (is_worker) return spanwire::app::RunWorker(*options);
  return Run(*options, {rest.begin() + (rest.empty() ? 0 : 1), rest.end()});
}
