// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "agent/base/result.h"

namespace spanwire::app {

// One flag as it was given.
struct Setting {
  std::string name;  // without dashes in front: "otlp-file"
  std::string value;
  std::string source;  // "--otlp-file", or the environment variable it came from
};

// A command line taken apart, before anything is known about verbs.
struct Arguments {
  std::vector<std::string> words;  // what is not a flag: the verb and its argument
  std::vector<Setting> settings;   // in order, repeats included
  bool brief_help = false;         // -h
  bool full_help = false;          // --help
  bool version = false;            // --version
};

// Takes `arguments` (without the program's name) apart. Flags may stand anywhere before a lone "--"
// and are written --name=value, --name value, -o value or -ovalue; underscores in names count as
// dashes. Each name must be in `known`; every flag takes a value, but -h, --help and --version.
Result<Arguments> SplitArguments(std::span<const std::string> arguments,
                                 std::span<const std::string> known);

}  // namespace spanwire::app
