// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/record_writer.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "tests/unit/exporter/pipe.h"

namespace spanwire::exporter {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr std::chrono::milliseconds kLong = 20s;

uint64_t Dropped(Stage& stage, std::string_view reason) { return stage.Drop(reason).Get(); }

UniqueFd OpenAppend(const std::string& path) {
  return UniqueFd(open(path.c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600));
}

TEST(RecordWriter, WritesRecordsInOrder) {
  const TemporaryFile file;
  Stage stage("exporter/test", "spans");
  RecordWriter writer(OpenAppend(file.path()), "file", stage, {});

  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(writer.Submit({.bytes = std::to_string(i) + "\n", .spans = 2}));
  }
  EXPECT_TRUE(writer.Shutdown(kLong));

  std::string expected;
  for (int i = 0; i < 100; ++i) expected += std::to_string(i) + "\n";
  EXPECT_EQ(file.Read(), expected);
  EXPECT_EQ(stage.in.Get(), 200u);
  EXPECT_EQ(stage.out.Get(), 200u);
  EXPECT_EQ(stage.held.Get(), 0u);
  EXPECT_TRUE(stage.Balanced());
}

// A file size limit is a full disk that a test can make: the kernel writes what fits, then refuses.
class FullDisk {
 public:
  explicit FullDisk(rlim_t size) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = size;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

TEST(RecordWriter, TakesBackWhatAFullDiskCutShortAndRecovers) {
  const TemporaryFile file;
  Stage stage("exporter/test", "spans");
  {
    const FullDisk full(10);
    RecordWriter writer(OpenAppend(file.path()), "spans.jsonl", stage, {});
    EXPECT_TRUE(writer.Submit({.bytes = "12345678\n", .spans = 1}));
    EXPECT_TRUE(writer.Submit({.bytes = "does not fit\n", .spans = 3}));
    const Result<> result = writer.Shutdown(kLong);
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find("write spans.jsonl"), std::string::npos);
  }
  EXPECT_EQ(file.Read(), "12345678\n");
  EXPECT_EQ(Dropped(stage, "disk_full"), 3u);

  RecordWriter writer(OpenAppend(file.path()), "spans.jsonl", stage, {});
  EXPECT_TRUE(writer.Submit({.bytes = "fits again\n", .spans = 1}));
  EXPECT_TRUE(writer.Shutdown(kLong));
  EXPECT_EQ(file.Read(), "12345678\nfits again\n");
  EXPECT_EQ(stage.in.Get(), 5u);
  EXPECT_EQ(stage.out.Get(), 2u);
  EXPECT_TRUE(stage.Balanced());
}

TEST(RecordWriter, CountsAFullDevice) {
  Stage stage("exporter/test", "spans");
  RecordWriter writer(UniqueFd(open("/dev/full", O_WRONLY | O_CLOEXEC)), "/dev/full", stage, {});
  EXPECT_TRUE(writer.Submit({.bytes = "x\n", .spans = 4}));
  EXPECT_FALSE(writer.Shutdown(kLong));
  EXPECT_EQ(Dropped(stage, "disk_full"), 4u);
  EXPECT_TRUE(stage.Balanced());
}

TEST(RecordWriter, EndsQuietlyWhenTheReaderIsGone) {
  Pipe pipe;
  pipe.reader.Reset();
  Stage stage("exporter/test", "spans");
  RecordWriter writer(std::move(pipe.writer), "pipe", stage, {});
  EXPECT_FALSE(writer.closed());
  EXPECT_TRUE(writer.Submit({.bytes = "x\n", .spans = 1}));
  EXPECT_TRUE(writer.Submit({.bytes = "y\n", .spans = 1}));
  EXPECT_TRUE(writer.Shutdown(kLong));
  EXPECT_TRUE(writer.closed());
  EXPECT_EQ(Dropped(stage, "closed"), 2u);
  EXPECT_TRUE(stage.Balanced());
}

TEST(RecordWriter, DropsTheNewestWhenTheReaderIsSlow) {
  Pipe pipe;
  Stage stage("exporter/test", "spans");
  RecordWriter writer(std::move(pipe.writer), "pipe", stage, {.queue_bytes = 200'000});
  const std::string bytes(100'000, 'x');  // more than a pipe holds
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(writer.Submit({.bytes = bytes, .spans = 1}));

  EXPECT_EQ(Dropped(stage, "queue_full"), 8u);
  EXPECT_EQ(stage.held.Get(), 2u);
  EXPECT_TRUE(stage.Balanced());

  EXPECT_TRUE(writer.Shutdown(0ms));
  EXPECT_EQ(Dropped(stage, "shutdown"), 2u);
  EXPECT_EQ(stage.held.Get(), 0u);
  EXPECT_TRUE(stage.Balanced());
}

TEST(RecordWriter, WaitsForASlowReaderWhenAsked) {
  Pipe pipe;
  Stage stage("exporter/test", "spans");
  std::string read;
  std::jthread reader([&] { read = pipe.ReadAll(); });
  {
    RecordWriter writer(std::move(pipe.writer), "pipe", stage,
                        {.queue_bytes = 1000, .when_full = WhenFull::kWait});
    for (int i = 0; i < 2000; ++i) {
      EXPECT_TRUE(writer.Submit({.bytes = std::string(900, 'x'), .spans = 1}));
    }
    EXPECT_TRUE(writer.Shutdown(kLong));
  }
  reader.join();
  EXPECT_EQ(read.size(), 1'800'000u);
  EXPECT_EQ(stage.out.Get(), 2000u);
  EXPECT_TRUE(stage.Balanced());
}

TEST(RecordWriter, TellsAnErrorOnce) {
  Stage stage("exporter/test", "spans");
  RecordWriter writer(UniqueFd(open("/dev/full", O_WRONLY | O_CLOEXEC)), "/dev/full", stage,
                      {.queue_bytes = 1, .when_full = WhenFull::kWait});
  // Each one waits until the one before it was settled.
  int errors = 0;
  for (int i = 0; i < 5; ++i) errors += writer.Submit({.bytes = "xx", .spans = 1}) ? 0 : 1;
  errors += writer.Shutdown(kLong) ? 0 : 1;
  EXPECT_EQ(errors, 1);
}

}  // namespace
}  // namespace spanwire::exporter
