// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "agent/app/options.h"

namespace spanwire::app {

// Whether to colour what goes to a stream. kAuto: colour on a terminal, unless NO_COLOR is set (and
// not empty) or TERM is "dumb" or absent; CLICOLOR_FORCE (set, not empty, not "0") colours a pipe
// too. NO_COLOR beats CLICOLOR_FORCE.
bool ColorWanted(ColorMode mode, bool is_terminal,
                 const std::function<std::optional<std::string>(const std::string&)>& environment);

}  // namespace spanwire::app
