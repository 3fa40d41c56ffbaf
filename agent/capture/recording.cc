// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/recording.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "agent/base/byte_reader.h"
#include "agent/base/hash.h"
#include "agent/capture/decode.h"
#include "agent/capture/event_stage.h"
#include "spanwire/abi.h"

namespace spanwire::capture {
namespace {

constexpr std::string_view kMagic = "SPWREC02";
constexpr std::string_view kOldMagic = "SPWREC01";
constexpr size_t kHeaderBytes = 16;
constexpr size_t kBlockHeaderBytes = 16;
constexpr size_t kBlockTarget = 64u << 10;

struct BlockHeader {
  uint32_t magic = kBlockMagic;
  uint32_t size = 0;
  uint32_t checksum = 0;
  uint32_t records = 0;
};

template <typename T>
void PutPod(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));  // NOLINT: own POD to bytes
}

using Checksum = uint32_t (*)(std::string_view bytes);

uint32_t HashChecksum(std::string_view bytes) {
  return static_cast<uint32_t>(HashBytes(bytes, 0).low);
}

// Of format 01.
uint32_t CrcChecksum(std::string_view bytes) {
  const auto* data = reinterpret_cast<const Bytef*>(bytes.data());  // NOLINT: zlib's type
  return static_cast<uint32_t>(crc32(0, data, static_cast<uInt>(bytes.size())));
}

// Writes all of `bytes` or says why not.
Result<> WriteAll(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError("cannot write recording " + path, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

// Reads exactly `size` bytes; fewer at the end of the file.
Result<size_t> ReadUpTo(int file, char* to, size_t size) {
  size_t have = 0;
  while (have < size) {
    const ssize_t got = read(file, to + have, size - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError("cannot read recording", errno);
    if (got == 0) break;
    have += static_cast<size_t>(got);
  }
  return have;
}

class ReplaySource final : public EventSource {
 public:
  ReplaySource(UniqueFd file, std::string path, Checksum checksum, Ledger& ledger)
      : file_(std::move(file)), path_(std::move(path)), checksum_(checksum), stage_(ledger) {}

  Result<size_t> Poll(std::chrono::milliseconds /*timeout*/, model::EventSink& sink) override {
    auto block = ReadBlock();
    if (!block) {
      finished_ = true;
      return block.error();
    }
    if (!*block) {
      finished_ = true;
      return size_t{0};
    }
    return Deliver(sink);
  }

  bool finished() const override { return finished_; }

 private:
  Error Damage(std::string_view what) const {
    return {path_ + ": damaged at byte " + std::to_string(offset_) + " (" + std::string(what) +
                "); " + std::to_string(records_) + " records before it were read",
            0};
  }

  // False at a clean end of the file.
  Result<bool> ReadBlock() {
    std::array<char, kBlockHeaderBytes> raw{};
    auto got = ReadUpTo(file_.get(), raw.data(), raw.size());
    if (!got) return got.error();
    if (*got == 0) return false;
    if (*got < raw.size()) return Damage("cut in a block header");
    const auto header =
        *ByteReader(std::string_view(raw.data(), raw.size())).ReadPod<BlockHeader>();
    if (header.magic != kBlockMagic) return Damage("no block here");
    if (header.size > kMaxBlockBytes) return Damage("block too large");
    block_.resize(header.size);
    got = ReadUpTo(file_.get(), block_.data(), block_.size());
    if (!got) return got.error();
    if (*got < block_.size()) return Damage("cut in a block");
    if (checksum_(block_) != header.checksum) return Damage("checksum does not match");
    offset_ += raw.size() + block_.size();
    return true;
  }

  Result<size_t> Deliver(model::EventSink& sink) {
    ByteReader reader{std::string_view(block_)};
    size_t delivered = 0;
    while (!reader.empty()) {
      ByteReader ahead = reader;
      const auto header = ahead.ReadPod<spanwire_header>();
      const auto record = header ? reader.ReadBytes(header->size) : std::nullopt;
      if (!record || record->empty()) {
        finished_ = true;
        return Damage("a record does not fit its block");
      }
      const Decoded decoded = DecodeRecord(*record, sink);
      stage_.Count(header->type, decoded);
      ++records_;
      ++delivered;
    }
    return delivered;
  }

  UniqueFd file_;
  std::string path_;
  Checksum checksum_;
  EventStage stage_;
  std::string block_;
  uint64_t offset_ = kHeaderBytes;
  uint64_t records_ = 0;
  bool finished_ = false;
};

}  // namespace

RecordingWriter::RecordingWriter(UniqueFd file, std::string path, uint64_t* whole_bytes,
                                 Stage& stage)
    : file_(std::move(file)),
      path_(std::move(path)),
      stage_(stage),
      write_error_(stage.Drop("write_error")),
      whole_bytes_(whole_bytes) {}

Result<UniqueFd> RecordingWriter::MakeFile(const std::string& path) {
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return ErrnoError("cannot make recording " + path, errno);
  std::string header(kMagic);
  PutPod(header, uint32_t{SPANWIRE_ABI_VERSION});
  PutPod(header, uint32_t{0});
  SPANWIRE_RETURN_IF_ERROR(WriteAll(file.get(), header, path));
  return file;
}

Result<std::unique_ptr<RecordingWriter>> RecordingWriter::Continue(UniqueFd file, std::string path,
                                                                   uint64_t* whole_bytes,
                                                                   Stage& stage) {
  if (*whole_bytes == 0) *whole_bytes = kHeaderBytes;
  const auto size = static_cast<off_t>(*whole_bytes);
  // A pipe or device has no place to go back to.
  if (lseek(file.get(), 0, SEEK_CUR) >= 0 &&
      (ftruncate(file.get(), size) != 0 || lseek(file.get(), size, SEEK_SET) < 0)) {
    if (errno != EINVAL) return ErrnoError("cannot go on with recording " + path, errno);
  }
  return std::unique_ptr<RecordingWriter>(
      new RecordingWriter(std::move(file), std::move(path), whole_bytes, stage));
}

void RecordingWriter::OnRecord(std::span<const std::byte> record) {
  stage_.in.Add();
  if (!status_) {
    write_error_.Add();
    return;
  }
  block_.append(reinterpret_cast<const char*>(record.data()), record.size());  // NOLINT: bytes
  ++records_;
  stage_.held.Set(records_);
  if (block_.size() >= kBlockTarget) Flush();
}

void RecordingWriter::Flush() {
  if (records_ == 0) return;
  BlockHeader header;
  header.size = static_cast<uint32_t>(block_.size());
  header.checksum = HashChecksum(block_);
  header.records = records_;
  std::string head;
  PutPod(head, header);
  block_.insert(0, head);
  status_ = WriteAll(file_.get(), block_, path_);
  if (status_) {
    *whole_bytes_ += block_.size();
    stage_.out.Add(records_);
  } else {
    write_error_.Add(records_);
    // Leave no torn block behind.
    if (ftruncate(file_.get(), static_cast<off_t>(*whole_bytes_)) != 0)
      status_ = Error{status_.error().message + "; the torn block could not be removed", errno};
  }
  block_.clear();
  records_ = 0;
  stage_.held.Set(0);
}

Result<std::unique_ptr<EventSource>> OpenRecording(const std::string& path, Ledger& ledger) {
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return ErrnoError("cannot open recording " + path, errno);
  std::array<char, kHeaderBytes> raw{};
  auto got = ReadUpTo(file.get(), raw.data(), raw.size());
  if (!got) return got.error();
  ByteReader reader(std::string_view(raw.data(), *got));
  const auto magic = reader.ReadText(kMagic.size());
  if (!magic || magic->substr(0, 6) != kMagic.substr(0, 6)) {
    return Error{path + " is not a spanwire recording", 0};
  }
  const auto abi = reader.ReadLittleEndian<uint32_t>();
  const bool old = *magic == kOldMagic;
  const bool readable = abi && *abi >= SPANWIRE_ABI_OLDEST && *abi <= SPANWIRE_ABI_VERSION;
  if ((*magic != kMagic && !old) || !readable) {
    return Error{path + " was recorded by another version of spanwire (format " +
                     std::string(magic->substr(6)) + ", ABI " + std::to_string(abi.value_or(0)) +
                     "; this one reads formats 01 and 02, ABI " +
                     std::to_string(SPANWIRE_ABI_OLDEST) + " to " +
                     std::to_string(SPANWIRE_ABI_VERSION) + ")",
                 0};
  }
  return std::unique_ptr<EventSource>(std::make_unique<ReplaySource>(
      std::move(file), path, old ? CrcChecksum : HashChecksum, ledger));
}

}  // namespace spanwire::capture
