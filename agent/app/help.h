// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "agent/app/options.h"

namespace spanwire::app {

// The page asked for, for stdout: brief ones have at most 24 lines, three examples among them; full
// ones list every flag of the topic by group, with its default and the variables that set it.
std::string HelpText(const HelpOptions& request);

}  // namespace spanwire::app
