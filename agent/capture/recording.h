// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "agent/base/ledger.h"
#include "agent/base/result.h"
#include "agent/base/unique_fd.h"
#include "agent/capture/event_source.h"

namespace spanwire::capture {

// Recordings: "SPWREC" + two digits of format version + u32 ABI version + u32 zero, then blocks.
// A block is u32 magic, u32 payload size, u32 checksum of the payload, u32 number of records, then
// the records of include/spanwire/abi.h, one after the other. Little endian.
//
// The checksum is the low half of the low half of XXH3's 128 bits; in format 01, which is still
// read, zlib's CRC-32, at ten times the cost.
inline constexpr uint32_t kBlockMagic = 0x4b4c4253;  // "SBLK"
inline constexpr size_t kMaxBlockBytes = 1u << 20;

// Sees every good record that a source delivers, as bytes. Called on the source's thread.
class RecordTap {
 public:
  virtual ~RecordTap() = default;
  virtual void OnRecord(std::span<const std::byte> record) = 0;
};

// Writes a recording. Blocks are written when they are full and at Flush(). An error (a full disk)
// stops the recording at the last whole block; status() says so and the ledger counts the rest.
class RecordingWriter final : public RecordTap {
 public:
  // Makes or truncates `path`, mode 0600: recordings hold payload.
  static Result<UniqueFd> MakeFile(const std::string& path);
  // Goes on with a file that MakeFile() made and that is named `path` in errors. `whole_bytes`:
  // what a writer before this one wrote, 0 = nothing; a torn block behind it is removed. Each block
  // that is written adds to `*whole_bytes`.
  static Result<std::unique_ptr<RecordingWriter>> Continue(UniqueFd file, std::string path,
                                                           uint64_t* whole_bytes, Stage& stage);

  void OnRecord(std::span<const std::byte> record) override;
  void Flush();
  const Result<>& status() const { return status_; }

 private:
  RecordingWriter(UniqueFd file, std::string path, uint64_t* whole_bytes, Stage& stage);

  UniqueFd file_;
  std::string path_;
  Stage& stage_;
  Counter& write_error_;
  std::string block_;
  uint32_t records_ = 0;
  uint64_t* whole_bytes_;  // of the file
  Result<> status_;
};

// Reads a recording as an event source. Records before a damage are delivered; then Poll() returns
// an error that says where the damage is, and afterwards finished() is true.
Result<std::unique_ptr<EventSource>> OpenRecording(const std::string& path, Ledger& ledger);

}  // namespace spanwire::capture
