// SPDX-License-Identifier: Apache-2.0
#include "agent/process/proc_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "tests/unit/process/fake_root.h"

namespace spanwire::process {
namespace {

class DirectoryTest : public testing::Test {
 protected:
  Directory Open() const {
    auto directory = Directory::Open(root_.path());
    if (!directory) std::abort();
    return std::move(*directory);
  }

  FakeRoot root_;
};

TEST_F(DirectoryTest, ReadsAWholeFile) {
  root_.Write("a/b", std::string(10'000, 'x'));
  const FileText file = Open().Read("a/b", 10'000);
  EXPECT_TRUE(file.read);
  EXPECT_FALSE(file.cut);
  EXPECT_EQ(file.text, std::string(10'000, 'x'));
}

TEST_F(DirectoryTest, CutsALongFile) {
  root_.Write("a", std::string(10'001, 'x'));
  const FileText file = Open().Read("a", 10'000);
  EXPECT_TRUE(file.cut);
  EXPECT_EQ(file.text.size(), 10'000);
}

TEST_F(DirectoryTest, AnEmptyFileWasRead) {
  root_.Write("a", "");
  EXPECT_TRUE(Open().Read("a", 10).read);
}

TEST_F(DirectoryTest, ReadsNeitherLinksNorPipesNorDirectories) {
  root_.Link("link", root_.path() + "/etc/machine-id");
  ASSERT_EQ(mkfifo((root_.path() + "/fifo").c_str(), 0600), 0);
  for (const std::string path : {"link", "fifo", "proc", "absent"}) {
    const FileText file = Open().Read(path, 10);
    EXPECT_FALSE(file.read) << path;
    EXPECT_EQ(file.text, "") << path;
  }
}

TEST_F(DirectoryTest, EntersNoLink) {
  root_.Link("proc/7", root_.path() + "/proc/sys");
  EXPECT_FALSE(Open().Enter("proc/7").has_value());
  EXPECT_TRUE(Open().Enter("proc/sys").has_value());
}

TEST_F(DirectoryTest, ReadsALink) {
  root_.Link("exe", "/usr/bin/x (deleted)");
  EXPECT_EQ(Open().ReadLink("exe"), "/usr/bin/x (deleted)");
  EXPECT_EQ(Open().ReadLink("absent"), "");
}

TEST(ParseDecimal, TakesAllOrNothing) {
  EXPECT_EQ(ParseDecimal("0"), 0);
  EXPECT_EQ(ParseDecimal("18446744073709551615"), UINT64_MAX);
  for (const std::string text : {"", " 1", "1 ", "-1", "1x", "18446744073709551616"}) {
    EXPECT_EQ(ParseDecimal(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace spanwire::process
