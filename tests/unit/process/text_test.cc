// SPDX-License-Identifier: Apache-2.0
#include "agent/process/text.h"

#include <gtest/gtest.h>

namespace spanwire::process {
namespace {

TEST(CleanText, KeepsWhatIsValid) { EXPECT_EQ(CleanText("nginx é 漢 🙂", 100), "nginx é 漢 🙂"); }

TEST(CleanText, ReplacesWhatIsNot) {
  EXPECT_EQ(CleanText("a\xff"
                      "b",
                      100),
            "a\uFFFDb");
  EXPECT_EQ(CleanText("\xc0\x80", 100), "\uFFFD\uFFFD");            // not the shortest form
  EXPECT_EQ(CleanText("\xed\xa0\x80", 100), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(CleanText("\xf4\x90\x80\x80", 100), "\uFFFD\uFFFD\uFFFD\uFFFD");  // above U+10FFFF
  EXPECT_EQ(CleanText("\xe2\x82", 100), "\uFFFD\uFFFD");                      // ends too soon
}

TEST(CleanText, ReplacesControlCharacters) {
  EXPECT_EQ(CleanText("a\x1b[31mb\n\x7f\xc2\x9b", 100), "a\uFFFD[31mb\uFFFD\uFFFD\uFFFD");
}

TEST(CleanText, CutsBetweenCharacters) {
  EXPECT_EQ(CleanText("aéé", 4), "aé");
  EXPECT_EQ(CleanText("aéé", 5), "aéé");
  EXPECT_EQ(CleanText("\xff\xff", 4), "\uFFFD");
  EXPECT_EQ(CleanText("abc", 0), "");
}

TEST(IsCleanText, AgreesWithCleanText) {
  EXPECT_TRUE(IsCleanText(""));
  EXPECT_TRUE(IsCleanText("é 漢"));
  EXPECT_FALSE(IsCleanText("a\xff"));
  EXPECT_FALSE(IsCleanText("a\n"));
}

TEST(BaseName, IsWhatFollowsTheLastSlash) {
  EXPECT_EQ(BaseName("/usr/sbin/nginx"), "nginx");
  EXPECT_EQ(BaseName("nginx"), "nginx");
  EXPECT_EQ(BaseName("/a/"), "");
  EXPECT_EQ(BaseName(""), "");
}

TEST(TakePart, WalksOverParts) {
  std::string_view text = "a::b";
  EXPECT_EQ(TakePart(text, ':'), "a");
  EXPECT_EQ(TakePart(text, ':'), "");
  EXPECT_EQ(TakePart(text, ':'), "b");
  EXPECT_TRUE(text.empty());
}

}  // namespace
}  // namespace spanwire::process
