// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "agent/app/options.h"
#include "agent/app/verb_table.h"
#include "agent/base/result.h"

namespace spanwire::app {

// The text of one flag after command line, environment and default have been weighed.
struct FlagValue {
  std::string text;
  std::string source;  // who to blame: "--port" or "SPANWIRE_PORT"
};

// By name: "otlp-file". Holds every flag.
using FlagValues = std::map<std::string, FlagValue, std::less<>>;

// Validates every value. `words` are left for the caller: recording_path of replay and the topic of
// help are not set here.
Result<Options> BuildOptions(Verb verb, const FlagValues& values);

}  // namespace spanwire::app
