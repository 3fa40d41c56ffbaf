// SPDX-License-Identifier: Apache-2.0
#include "agent/base/utf8.h"

#include <gtest/gtest.h>

namespace spanwire {
namespace {

TEST(Utf8, AcceptsEverySizeOfSequence) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("plain text, longer than one word"));
  EXPECT_TRUE(IsValidUtf8("\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xEF\xBF\xBF \xF0\x90\x80\x80"));
  EXPECT_TRUE(IsValidUtf8("\xF4\x8F\xBF\xBF"));
}

TEST(Utf8, RefusesWhatRfc3629Refuses) {
  for (const char* text :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "a\xC3", "a\xE2\x82",
        "\xC3(", "12345678\xFF"}) {
    EXPECT_FALSE(IsValidUtf8(text)) << testing::PrintToString(std::string_view(text));
  }
}

TEST(Utf8, ReplacesEachInvalidByte) {
  EXPECT_EQ(ReplaceInvalidUtf8("a\xFF\xC3z\xC3\xA4"), "a\uFFFD\uFFFDz\u00e4");
  EXPECT_EQ(ReplaceInvalidUtf8("\xE2\x82"), "\uFFFD\uFFFD");
}

TEST(Utf8, ReplacementIsAlwaysValid) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second), 'x'};
      EXPECT_TRUE(IsValidUtf8(ReplaceInvalidUtf8(text)));
    }
  }
}

TEST(Utf8, DecodesTheFirstCodePoint) {
  EXPECT_EQ(FirstCodePoint("\u20ac").value, U'\u20ac');
  EXPECT_EQ(FirstCodePoint("\u20ac").size, 3u);
  EXPECT_EQ(FirstCodePoint("\U0001F600!").value, U'\U0001F600');
  EXPECT_EQ(FirstCodePoint("").size, 0u);
  EXPECT_FALSE(FirstCodePoint("\xE2!").valid);
}

}  // namespace
}  // namespace spanwire
