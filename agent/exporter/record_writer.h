// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/base/ledger.h"
#include "agent/base/result.h"
#include "agent/base/unique_fd.h"

namespace spanwire::exporter {

// What to do with spans for which there is no room yet.
enum class WhenFull {
  kDrop,  // live: capture must not wait
  kWait,  // replay: nothing is lost, the source waits
};

// Bytes that are written together or not at all, and the spans they stand for.
struct Record {
  std::string bytes;
  size_t spans = 0;
};

// Writes records to a file, pipe or terminal from a thread of its own.
//
// A regular file never holds a torn record: what a full disk cut short is taken back and its spans
// are counted, and the next record is tried again. A reader that went away (EPIPE) closes the
// writer quietly; the process gets no SIGPIPE from here.
//
// Keeps the ledger stage of an exporter: drops are queue_full, disk_full, write_failed, closed and
// shutdown. Submit(), closed() and Shutdown() belong to one thread, the pipeline's.
class RecordWriter {
 public:
  struct Options {
    size_t queue_bytes = size_t{32} << 20;
    WhenFull when_full = WhenFull::kDrop;
  };

  // Writes to `file`, which is named `name` in errors.
  RecordWriter(UniqueFd file, std::string name, Stage& stage, Options options);
  ~RecordWriter();

  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  // An empty string with the memory of a record that was written, where there is one: what is new
  // to the process costs a page fault each 4 KiB.
  std::string TakeMemory();

  // Takes `record`, or drops it and counts. Returns an error once for each new kind of failure.
  Result<> Submit(Record record);

  // Goes on in `file`, a regular file as the one before, from the next record on.
  void Reopen(UniqueFd file);

  // The reader went away: nothing more will be written.
  bool closed() const { return closed_.load(std::memory_order_relaxed); }

  // Writes what is queued; what is left after `limit` is dropped. Afterwards nothing is held.
  Result<> Shutdown(std::chrono::milliseconds limit);

 private:
  void Run(const std::stop_token& stop);
  std::optional<Record> Take(const std::stop_token& stop);
  void Write(Record record, const std::stop_token& stop);
  int WriteToFile(const std::string& bytes) const;
  int WriteToStream(const std::string& bytes, const std::stop_token& stop) const;
  void Settle(Record record, int error);
  Result<> TakeError();
  void Hold(uint64_t spans, size_t bytes);

  UniqueFd file_;  // the writer's thread's
  const std::string name_;
  const Options options_;
  const bool is_regular_;
  Stage& stage_;
  // Written by the pipeline's thread.
  Counter& queue_full_;
  // Written by the writer's thread.
  Counter& disk_full_;
  Counter& write_failed_;
  Counter& closed_drops_;
  Counter& shutdown_;
  std::atomic<bool> closed_{false};

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Record> queue_;
  std::vector<std::string> spare_;  // memory of records that were written
  size_t queued_bytes_ = 0;         // the record being written included
  UniqueFd next_file_;
  uint64_t held_spans_ = 0;
  bool draining_ = false;
  bool idle_ = true;
  int last_error_ = 0;      // of the latest write; 0 = it succeeded
  int reported_error_ = 0;  // told to the caller

  std::jthread thread_;  // last: it uses everything above
};

}  // namespace spanwire::exporter
