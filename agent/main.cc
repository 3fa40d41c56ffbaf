// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "agent/app/flags.h"
#include "agent/app/help.h"
#include "agent/app/live.h"
#include "agent/app/version.h"

namespace {

using spanwire::app::Options;
using spanwire::app::Verb;

int Run(const Options& options) {
  switch (options.verb) {
    case Verb::kTail:
    case Verb::kDaemon:
    case Verb::kRecord: return spanwire::app::RunLive(options);
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
  auto options = spanwire::app::ParseCommandLine(argc, argv);
  if (!options) {
    std::fprintf(stderr, "spanwire: %s\n", options.error().message.c_str());
    return spanwire::app::kExitUsage;
  }
  return Run(*options);
}
