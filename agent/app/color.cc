// SPDX-License-Identifier: Apache-2.0
#include "agent/app/color.h"

namespace spanwire::app {

bool ColorWanted(ColorMode mode, bool is_terminal,
                 const std::function<std::optional<std::string>(const std::string&)>& environment) {
  if (mode != ColorMode::kAuto) return mode == ColorMode::kAlways;
  if (!environment("NO_COLOR").value_or("").empty()) return false;
  const std::string force = environment("CLICOLOR_FORCE").value_or("");
  if (!force.empty() && force != "0") return true;
  const std::string terminal = environment("TERM").value_or("dumb");
  return is_terminal && terminal != "dumb" && !terminal.empty();
}

}  // namespace spanwire::app
