// SPDX-License-Identifier: Apache-2.0
#include "agent/app/suggest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace spanwire::app {
namespace {

const std::vector<std::string> kWords{"tail", "daemon", "record", "replay", "doctor"};

TEST(EditDistance, CountsSingleLetters) {
  EXPECT_EQ(EditDistance("", ""), 0);
  EXPECT_EQ(EditDistance("tail", "tail"), 0);
  EXPECT_EQ(EditDistance("", "abc"), 3);
  EXPECT_EQ(EditDistance("abc", ""), 3);
  EXPECT_EQ(EditDistance("tial", "tail"), 1);  // a swap
  EXPECT_EQ(EditDistance("til", "tail"), 1);
  EXPECT_EQ(EditDistance("taill", "tail"), 1);
  EXPECT_EQ(EditDistance("tall", "tail"), 1);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);
}

TEST(Suggest, FindsTheNearest) {
  EXPECT_EQ(Suggest("tial", kWords), "tail");
  EXPECT_EQ(Suggest("rceord", kWords), "record");
  EXPECT_EQ(Suggest("doctro", kWords), "doctor");
  EXPECT_EQ(Suggest("daemno", kWords), "daemon");
}

TEST(Suggest, CompletesWhatIsUnique) {
  EXPECT_EQ(Suggest("dae", kWords), "daemon");
  EXPECT_EQ(Suggest("t", kWords), "tail");
  EXPECT_EQ(Suggest("re", kWords), "");
}

TEST(Suggest, IsSilentWhenNothingIsNear) {
  EXPECT_EQ(Suggest("", kWords), "");
  EXPECT_EQ(Suggest("banana", kWords), "");
  EXPECT_EQ(Suggest(std::string(100'000, 'x'), kWords), "");
  EXPECT_EQ(Suggest("tail", {}), "");
}

}  // namespace
}  // namespace spanwire::app
