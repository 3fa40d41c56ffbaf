// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace spanwire::exporter {

// Reads one variable of the environment; nothing when it is not set.
using EnvironmentLookup = std::function<std::optional<std::string>(const char* name)>;

}  // namespace spanwire::exporter
