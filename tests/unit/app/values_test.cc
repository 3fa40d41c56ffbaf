// SPDX-License-Identifier: Apache-2.0
#include "agent/app/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace spanwire::app {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ParseDuration, KnowsItsUnits) {
  EXPECT_EQ(ParseDuration("250ms").value(), milliseconds(250));
  EXPECT_EQ(ParseDuration("10s").value(), milliseconds(10'000));
  EXPECT_EQ(ParseDuration("5m").value(), milliseconds(300'000));
  EXPECT_EQ(ParseDuration("2h").value(), milliseconds(7'200'000));
  EXPECT_EQ(ParseDuration("366d").value(), milliseconds(uint64_t{366} * 86'400'000));
  EXPECT_EQ(ParseDuration("0").value(), milliseconds(0));
}

TEST(ParseDuration, RefusesTheRest) {
  for (const std::string text : {"", "10", "s", "-1s", "1.5s", "1 s", "1S", "367d", " 1s", "1s ",
                                 "18446744073709551615d", "99999999999999999999s"}) {
    const auto parsed = ParseDuration(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr('"' + text + '"'));
  }
}

TEST(ParseSize, KnowsItsUnits) {
  EXPECT_EQ(ParseSize("4096").value(), 4096);
  EXPECT_EQ(ParseSize("64KiB").value(), 65536);
  EXPECT_EQ(ParseSize("64K").value(), 65536);
  EXPECT_EQ(ParseSize("64k").value(), 65536);
  EXPECT_EQ(ParseSize("4MiB").value(), 4194304);
  EXPECT_EQ(ParseSize("1G").value(), 1073741824);
}

TEST(ParseSize, RefusesTheRest) {
  for (const std::string text : {"", "K", "1KB", "1.5M", "-1", "99999999999G", "1 M"}) {
    EXPECT_FALSE(ParseSize(text).has_value()) << text;
  }
}

TEST(ParseNumber, ChecksTheRange) {
  EXPECT_EQ(ParseNumber("1", {1, 3}).value(), 1);
  EXPECT_EQ(ParseNumber("3", {1, 3}).value(), 3);
  EXPECT_EQ(ParseNumber("18446744073709551615", {0, UINT64_MAX}).value(), UINT64_MAX);
  for (const std::string text : {"0", "4", "", "x", "2x", "-2", "18446744073709551617"}) {
    EXPECT_FALSE(ParseNumber(text, {1, 3}).has_value()) << text;
  }
}

TEST(SplitList, LeavesOutWhatIsEmpty) {
  EXPECT_THAT(SplitList("80, 8080 ,,443"), ElementsAre("80", "8080", "443"));
  EXPECT_THAT(SplitList(""), IsEmpty());
  EXPECT_THAT(SplitList(" , "), IsEmpty());
}

}  // namespace
}  // namespace spanwire::app
