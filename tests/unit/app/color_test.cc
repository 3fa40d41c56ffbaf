// SPDX-License-Identifier: Apache-2.0
#include "agent/app/color.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace spanwire::app {
namespace {

bool Wanted(ColorMode mode, bool is_terminal, const std::map<std::string, std::string>& variables) {
  return ColorWanted(mode, is_terminal, [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

TEST(ColorWanted, OnATerminalOnly) {
  EXPECT_TRUE(Wanted(ColorMode::kAuto, true, {{"TERM", "xterm"}}));
  EXPECT_FALSE(Wanted(ColorMode::kAuto, false, {{"TERM", "xterm"}}));
  EXPECT_FALSE(Wanted(ColorMode::kAuto, true, {{"TERM", "dumb"}}));
  EXPECT_FALSE(Wanted(ColorMode::kAuto, true, {}));
}

TEST(ColorWanted, HeedsTheConventions) {
  EXPECT_FALSE(Wanted(ColorMode::kAuto, true, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}));
  EXPECT_TRUE(Wanted(ColorMode::kAuto, true, {{"TERM", "xterm"}, {"NO_COLOR", ""}}));
  EXPECT_TRUE(Wanted(ColorMode::kAuto, false, {{"CLICOLOR_FORCE", "1"}}));
  EXPECT_FALSE(Wanted(ColorMode::kAuto, false, {{"CLICOLOR_FORCE", "0"}}));
  EXPECT_FALSE(Wanted(ColorMode::kAuto, false, {{"CLICOLOR_FORCE", "1"}, {"NO_COLOR", "1"}}));
}

TEST(ColorWanted, TheFlagBeatsAll) {
  EXPECT_TRUE(Wanted(ColorMode::kAlways, false, {{"NO_COLOR", "1"}}));
  EXPECT_FALSE(Wanted(ColorMode::kNever, true, {{"CLICOLOR_FORCE", "1"}}));
}

}  // namespace
}  // namespace spanwire::app
