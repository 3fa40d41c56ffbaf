// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/terminal.h"

#include <gtest/gtest.h>

#include <map>

namespace spanwire::exporter {
namespace {

EnvironmentLookup Environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

TEST(Terminal, ColorsOnlyATerminalByDefault) {
  EXPECT_TRUE(WantsColor(ColorMode::kAuto, true, Environment({{"TERM", "xterm"}})));
  EXPECT_FALSE(WantsColor(ColorMode::kAuto, false, Environment({{"TERM", "xterm"}})));
  EXPECT_FALSE(WantsColor(ColorMode::kAuto, true, Environment({{"TERM", "dumb"}})));
}

TEST(Terminal, HonoursTheVariablesOfColor) {
  EXPECT_FALSE(WantsColor(ColorMode::kAuto, true, Environment({{"NO_COLOR", "1"}})));
  EXPECT_TRUE(WantsColor(ColorMode::kAuto, true, Environment({{"NO_COLOR", ""}})));
  EXPECT_TRUE(WantsColor(ColorMode::kAuto, false, Environment({{"CLICOLOR_FORCE", "1"}})));
  EXPECT_FALSE(WantsColor(ColorMode::kAuto, false, Environment({{"CLICOLOR_FORCE", "0"}})));
  EXPECT_FALSE(WantsColor(ColorMode::kAuto, true,
                          Environment({{"NO_COLOR", "1"}, {"CLICOLOR_FORCE", "1"}})));
}

TEST(Terminal, AnExplicitChoiceWins) {
  EXPECT_TRUE(WantsColor(ColorMode::kAlways, false, Environment({{"NO_COLOR", "1"}})));
  EXPECT_FALSE(WantsColor(ColorMode::kNever, true, Environment({{"CLICOLOR_FORCE", "1"}})));
}

TEST(Terminal, EscapesWhatCommandsATerminal) {
  EXPECT_EQ(EscapeForTerminal("GET /plain?x=1"), "GET /plain?x=1");
  EXPECT_EQ(EscapeForTerminal("\x1b[2J\r\n\t\x07\x7f"), "\\x1b[2J\\r\\n\\t\\x07\\x7f");
  EXPECT_EQ(EscapeForTerminal("\xc2\x9b"
                              "31m"),
            "\\u{9b}31m");
  EXPECT_EQ(EscapeForTerminal("\u202egnp.exe"), "\\u{202e}gnp.exe");
  EXPECT_EQ(EscapeForTerminal("\x9b\xff"), "\\x9b\\xff");
  EXPECT_EQ(EscapeForTerminal(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(EscapeForTerminal("caf\u00e9 \u65e5\u672c"), "caf\u00e9 \u65e5\u672c");
}

TEST(Terminal, LeavesNoControlByteOfAnyTwo) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second)};
      const std::string safe = EscapeForTerminal(text);
      for (size_t i = 0; i < safe.size(); ++i) {
        const auto byte = static_cast<uint8_t>(safe[i]);
        EXPECT_FALSE(byte < 0x20 || byte == 0x7f);
        if (byte == 0xc2) EXPECT_GE(static_cast<uint8_t>(safe[i + 1]), 0xa0);
      }
    }
  }
}

TEST(Terminal, CountsColumns) {
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("caf\u00e9"), 4u);
  EXPECT_EQ(DisplayWidth("\u65e5\u672c"), 4u);
}

TEST(Terminal, CutsInTheMiddle) {
  EXPECT_EQ(CutMiddle("short", 5), "short");
  EXPECT_EQ(CutMiddle("GET /a/long/path", 9), "GET \u2026path");
  EXPECT_EQ(CutMiddle("abcdef", 1), "\u2026");
  EXPECT_EQ(CutMiddle("abcdef", 0), "");
  EXPECT_EQ(CutEnd("short", 5), "short");
  EXPECT_EQ(CutEnd("abcdef", 4), "abc\u2026");
  EXPECT_EQ(CutEnd("abcdef", 0), "");
  for (size_t width = 0; width < 20; ++width) {
    EXPECT_LE(DisplayWidth(CutMiddle("\u65e5\u672c\u8a9e text \u65e5\u672c\u8a9e", width)), width);
  }
}

}  // namespace
}  // namespace spanwire::exporter
