// SPDX-License-Identifier: Apache-2.0
#include "agent/base/text_buffer.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace spanwire {
namespace {

TEST(TextBuffer, KeepsWhatWasAppendedWhileItGrows) {
  TextBuffer buffer;
  std::string expected;
  for (size_t size = 0; size < 300; ++size) {
    const std::string piece(size, static_cast<char>('a' + size % 26));
    buffer.Append(piece);
    expected += piece;
    ASSERT_EQ(buffer.view(), expected);
  }
  EXPECT_EQ(buffer.Part(expected.size() - 1, 1), expected.substr(expected.size() - 1));
}

TEST(TextBuffer, CopiesAreTheirOwnAndMovesLeaveNothing) {
  TextBuffer buffer;
  buffer.Append("one");
  TextBuffer copy = buffer;
  copy.Wipe(0, 2);
  EXPECT_EQ(buffer.view(), "one");
  EXPECT_EQ(copy.view(), std::string_view("\0\0e", 3));
  TextBuffer moved = std::move(buffer);
  EXPECT_EQ(moved.view(), "one");
  moved.Clear();
  EXPECT_EQ(moved.size(), 0u);
}

TEST(TextBuffer, NothingMayBeAppended) {
  TextBuffer buffer;
  buffer.Append({});
  EXPECT_EQ(buffer.view(), "");
}

}  // namespace
}  // namespace spanwire
