// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/time_text.h"

#include <gtest/gtest.h>

namespace spanwire::exporter {
namespace {

TEST(TimeText, WritesRfc3339WithNanoseconds) {
  EXPECT_EQ(FormatRfc3339(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(FormatRfc3339(1'700'000'000'000'000'007), "2023-11-14T22:13:20.000000007Z");
}

TEST(TimeText, ReadsHttpDates) {
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  EXPECT_EQ(ParseHttpDate("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
  EXPECT_EQ(ParseHttpDate("Thu, 29 Feb 2024 23:59:60 GMT"), 1709251200);
}

TEST(TimeText, RefusesWhatIsNoHttpDate) {
  for (const char* text :
       {"", "120", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "Sunday, 06-Nov-94 08:49:37 GMT"}) {
    EXPECT_FALSE(ParseHttpDate(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace spanwire::exporter
