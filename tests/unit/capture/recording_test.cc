// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/recording.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <zlib.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "agent/capture/identity_codec.h"
#include "spanwire/abi.h"
#include "tests/support/collecting_sink.h"

namespace spanwire::capture {
namespace {

using std::chrono::milliseconds;
using test::CollectingSink;

class Recording : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() / "spanwire_recording_XXXXXX";
    std::string name = directory_.string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string Path() const { return (directory_ / "r.spw").string(); }

  Result<std::unique_ptr<RecordingWriter>> Make() {
    auto file = RecordingWriter::MakeFile(Path());
    if (!file) return file.error();
    whole_bytes_ = 0;
    return RecordingWriter::Continue(std::move(*file), Path(), &whole_bytes_, stage_);
  }

  // A recording of `count` data records, `per_block` to a block.
  void Write(int count, int per_block) {
    auto writer = Make();
    ASSERT_TRUE(writer) << writer.error().message;
    for (int i = 0; i < count; ++i) {
      const std::string bytes = DataBytes(static_cast<uint64_t>(i));
      (*writer)->OnRecord(std::as_bytes(std::span(bytes)));
      if (i % per_block == per_block - 1) (*writer)->Flush();
    }
    (*writer)->Flush();
    ASSERT_TRUE((*writer)->status());
  }

  static std::string DataBytes(uint64_t connection) {
    spanwire_data raw{};
    raw.header = {SPANWIRE_RECORD_DATA, 0, sizeof(raw) + 3};
    raw.connection = connection;
    raw.length = 3;
    raw.captured = 3;
    std::string bytes(sizeof(raw), '\0');
    std::memcpy(bytes.data(), &raw, sizeof(raw));
    return bytes + "abc";
  }

  // Replays the file into `sink`; the error's text, or "".
  std::string Replay(CollectingSink& sink) {
    Ledger ledger;
    auto source = OpenRecording(Path(), ledger);
    if (!source) return source.error().message;
    while (!(*source)->finished()) {
      auto polled = (*source)->Poll(milliseconds(0), sink);
      if (!polled) return polled.error().message;
    }
    EXPECT_TRUE(ledger.stages()[0]->Balanced());
    return "";
  }

  std::string Content() const {
    std::ifstream file(Path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void SetContent(const std::string& content) const {
    std::ofstream(Path(), std::ios::binary | std::ios::trunc) << content;
  }

  std::filesystem::path directory_;
  Stage stage_{"recording", "events"};
  uint64_t whole_bytes_ = 0;
};

TEST_F(Recording, ComesBackAsItWasWritten) {
  Write(10, 3);
  CollectingSink sink;
  EXPECT_EQ(Replay(sink), "");
  ASSERT_EQ(sink.data.size(), 10u);
  EXPECT_EQ(sink.data[9].connection, 9u);
  EXPECT_EQ(sink.payloads[9], "abc");
  EXPECT_TRUE(stage_.Balanced());
  EXPECT_EQ(stage_.out.Get(), 10u);
}

// "SPWREC01" and a block whose checksum is zlib's.
TEST_F(Recording, ReadsTheFormatBefore) {
  Write(2, 2);
  std::string old = Content();
  old.replace(6, 2, "01");
  const uint32_t crc = static_cast<uint32_t>(crc32(
      0, reinterpret_cast<const Bytef*>(old.data() + 32), static_cast<uInt>(old.size() - 32)));
  std::memcpy(old.data() + 24, &crc, sizeof(crc));
  SetContent(old);
  CollectingSink sink;
  EXPECT_EQ(Replay(sink), "");
  EXPECT_EQ(sink.data.size(), 2u);

  old.back() = 'x';
  SetContent(old);
  EXPECT_NE(Replay(sink).find("checksum"), std::string::npos);
}

TEST_F(Recording, IsReadableByItsOwnerOnly) {
  Write(1, 1);
  struct stat status{};
  ASSERT_EQ(stat(Path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(Recording, CutAnywhereGivesTheBlocksBefore) {
  Write(6, 2);
  const std::string whole = Content();
  const size_t block = (whole.size() - 16) / 3;
  for (size_t size = 16; size < whole.size(); ++size) {
    SetContent(whole.substr(0, size));
    CollectingSink sink;
    const std::string error = Replay(sink);
    const size_t blocks = (size - 16) / block;
    EXPECT_EQ(sink.data.size(), blocks * 2) << size;
    if ((size - 16) % block == 0) {
      EXPECT_EQ(error, "") << size;
    } else {
      EXPECT_NE(error.find("damaged at byte " + std::to_string(16 + blocks * block)),
                std::string::npos)
          << size << ": " << error;
      EXPECT_NE(error.find(std::to_string(blocks * 2) + " records before it were read"),
                std::string::npos);
    }
  }
}

TEST_F(Recording, EveryFlippedBitOfABlockIsNoticed) {
  Write(2, 2);
  const std::string whole = Content();
  for (size_t byte = 16; byte < whole.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[byte] = static_cast<char>(flipped[byte] ^ (1 << bit));
      SetContent(flipped);
      CollectingSink sink;
      const std::string error = Replay(sink);
      // The number of records in a block is for tools; nothing depends on it.
      if (byte >= 28 && byte < 32) continue;
      EXPECT_NE(error, "") << byte << "." << bit;
      EXPECT_TRUE(sink.data.empty());
    }
  }
}

TEST_F(Recording, AnotherFileIsRefusedByName) {
  SetContent("this is no recording at all");
  CollectingSink sink;
  EXPECT_NE(Replay(sink).find("is not a spanwire recording"), std::string::npos);
}

TEST_F(Recording, AnotherVersionIsRefusedWithBothVersions) {
  Write(1, 1);
  std::string content = Content();
  content[7] = '9';
  SetContent(content);
  CollectingSink sink;
  EXPECT_NE(Replay(sink).find("format 09"), std::string::npos);
}

TEST_F(Recording, IdentitiesAndTicksComeBack) {
  model::Process process;
  process.pid = 42;
  process.service_name = "shop";
  process.arguments = {"a", "b"};
  process.resource_attributes = {{"k", "v"}};
  std::string identity(sizeof(spanwire_header), '\0');
  EncodeIdentity(process, identity);
  const spanwire_header header{SPANWIRE_RECORD_IDENTITY, 0, static_cast<uint32_t>(identity.size())};
  std::memcpy(identity.data(), &header, sizeof(header));
  const spanwire_tick tick{{SPANWIRE_RECORD_TICK, 0, sizeof(spanwire_tick)}, 11, 22};
  {
    auto writer = Make();
    ASSERT_TRUE(writer);
    (*writer)->OnRecord(std::as_bytes(std::span(identity)));
    (*writer)->OnRecord(std::as_bytes(std::span(&tick, 1)));
    (*writer)->Flush();
  }
  CollectingSink sink;
  EXPECT_EQ(Replay(sink), "");
  ASSERT_EQ(sink.processes.size(), 1u);
  EXPECT_EQ(sink.processes[0].service_name, "shop");
  EXPECT_EQ(sink.processes[0].arguments.size(), 2u);
  EXPECT_EQ(sink.processes[0].resource_attributes[0].second, "v");
  ASSERT_EQ(sink.ticks.size(), 1u);
  EXPECT_EQ(sink.ticks[0].wall_ns, 22u);
}

TEST_F(Recording, FullDiskStopsAtAWholeBlockAndCounts) {
  auto writer = Make();
  ASSERT_TRUE(writer);
  const std::string bytes = DataBytes(1);
  (*writer)->OnRecord(std::as_bytes(std::span(bytes)));
  (*writer)->Flush();
  const std::string good = Content();
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{good.size() + 20, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  (*writer)->OnRecord(std::as_bytes(std::span(bytes)));
  (*writer)->Flush();
  (*writer)->OnRecord(std::as_bytes(std::span(bytes)));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_FALSE((*writer)->status());
  EXPECT_EQ(Content(), good);
  EXPECT_EQ(stage_.Drop("write_error").Get(), 2u);
  EXPECT_TRUE(stage_.Balanced());
}

TEST(IdentityCodec, EveryTruncationIsRefused) {
  model::Process process;
  process.service_name = "shop";
  process.arguments = {"one"};
  process.resource_attributes = {{"k", "v"}};
  std::string bytes;
  EncodeIdentity(process, bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    model::Process decoded;
    EXPECT_FALSE(DecodeIdentity(std::as_bytes(std::span(bytes).first(size)), decoded)) << size;
  }
  bytes += 'x';
  model::Process decoded;
  EXPECT_FALSE(DecodeIdentity(std::as_bytes(std::span(bytes)), decoded));
}

}  // namespace
}  // namespace spanwire::capture
