// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/app/options.h"
#include "agent/app/verb_table.h"
#include "agent/base/result.h"

// The command line. Every flag is declared in flags.cc, and only there; the library that keeps them
// is not seen from outside.
namespace spanwire::app {

// One flag, as help shows it.
struct FlagInfo {
  std::string name;           // "otlp-file"
  std::string_view letter;    // "o" for -o; empty: none
  std::string_view argument;  // placeholder: "PATH"
  std::string_view group;
  std::string text;
  std::string default_value;  // empty: none
  std::string variable;       // SPANWIRE_...: sets it where the flag is absent; empty: none
  std::string_view standard;  // OTEL_...: the exporter heeds it where both are absent; empty: none
  VerbSet verbs = 0;
};

// All flags, in the order of their groups. A single thread, like everything here.
std::vector<FlagInfo> ListFlags();

// Everything that decides what a command line means.
struct CommandLine {
  std::vector<std::string> arguments;  // without the program's name
  std::function<std::optional<std::string>(const std::string&)> environment;
  bool stdout_is_terminal = false;
};

// What the user wants. An error is a wrong command line, to be shown on stderr before the process
// exits with kExitUsage. Requests for help and version are verbs like any other. Without a verb it
// is tail on a terminal, else an error. A flag on the command line beats its SPANWIRE_ variable; of
// flags given more than once the lists (--port, --pid, --comm) add up and the last of the others
// counts.
Result<Options> ParseCommandLine(const CommandLine& command_line);

// As above, from main()'s arguments, this process's environment and its stdout.
Result<Options> ParseCommandLine(int argc, const char* const* argv);

}  // namespace spanwire::app
