// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace spanwire::app {

// The version of project() in the top CMakeLists.txt, e.g. "0.1.0".
inline constexpr std::string_view kVersion = SPANWIRE_VERSION;

}  // namespace spanwire::app
