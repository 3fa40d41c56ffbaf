// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/record_writer.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "agent/base/signals.h"

namespace spanwire::exporter {
namespace {

// A pipe that polls as writable takes this much at once (POSIX: PIPE_BUF).
constexpr size_t kStreamChunkBytes = 4096;
// Records whose memory is kept for the next ones.
constexpr size_t kMaxSpare = 4;
// How often a blocked stream looks whether it should give up.
constexpr int kStreamPollMs = 50;

bool IsRegular(int fd) {
  struct stat status{};
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

// Writes all of `bytes`. Returns 0 or errno.
int WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written == 0) return ENOSPC;
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

}  // namespace

RecordWriter::RecordWriter(UniqueFd file, std::string name, Stage& stage, Options options)
    : file_(std::move(file)),
      name_(std::move(name)),
      options_(options),
      is_regular_(IsRegular(file_.get())),
      stage_(stage),
      queue_full_(stage.Drop("queue_full")),
      disk_full_(stage.Drop("disk_full")),
      write_failed_(stage.Drop("write_failed")),
      closed_drops_(stage.Drop("closed")),
      shutdown_(stage.Drop("shutdown")),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

RecordWriter::~RecordWriter() { static_cast<void>(Shutdown(std::chrono::milliseconds(0))); }

std::string RecordWriter::TakeMemory() {
  std::lock_guard lock(mutex_);
  if (spare_.empty()) return {};
  std::string memory = std::move(spare_.back());
  spare_.pop_back();
  memory.clear();
  return memory;
}

Result<> RecordWriter::Submit(Record record) {
  stage_.in.Add(record.spans);
  {
    std::unique_lock lock(mutex_);
    const size_t size = record.bytes.size();
    // A record larger than the queue still passes when it is alone.
    const auto has_room = [&] {
      return queued_bytes_ == 0 || queued_bytes_ + size <= options_.queue_bytes;
    };
    if (options_.when_full == WhenFull::kWait) changed_.wait(lock, has_room);
    if (draining_ || !has_room()) {
      queue_full_.Add(record.spans);
      return TakeError();
    }
    Hold(held_spans_ + record.spans, queued_bytes_ + size);
    queue_.push_back(std::move(record));
  }
  changed_.notify_all();
  std::lock_guard lock(mutex_);
  return TakeError();
}

void RecordWriter::Reopen(UniqueFd file) {
  if (!is_regular_ || !IsRegular(file.get())) return;
  const std::lock_guard lock(mutex_);
  next_file_ = std::move(file);
}

Result<> RecordWriter::Shutdown(std::chrono::milliseconds limit) {
  if (!thread_.joinable()) return {};
  {
    std::unique_lock lock(mutex_);
    draining_ = true;
    changed_.wait_for(lock, limit, [this] { return queue_.empty() && idle_; });
  }
  thread_.request_stop();
  thread_.join();
  std::lock_guard lock(mutex_);
  return TakeError();
}

void RecordWriter::Run(const std::stop_token& stop) {
  BlockSignals();
  while (auto record = Take(stop)) {
    Write(std::move(*record), stop);
    changed_.notify_all();
  }
}

// The next record, once there is one; nothing when all is written and a stop was requested.
std::optional<Record> RecordWriter::Take(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [this] { return !queue_.empty(); });
  if (queue_.empty()) return std::nullopt;
  if (next_file_) file_ = std::move(next_file_);
  std::optional<Record> record(std::move(queue_.front()));
  queue_.pop_front();
  idle_ = false;
  return record;
}

void RecordWriter::Write(Record record, const std::stop_token& stop) {
  int error = EPIPE;
  if (stop.stop_requested()) {
    error = ECANCELED;
  } else if (!closed()) {
    error = is_regular_ ? WriteToFile(record.bytes) : WriteToStream(record.bytes, stop);
  }
  Settle(std::move(record), error);
}

// Takes back what a failed write left, so that the file ends with a whole record.
int RecordWriter::WriteToFile(const std::string& bytes) const {
  struct stat before{};
  if (fstat(file_.get(), &before) != 0) return errno;
  const int error = WriteAll(file_.get(), bytes);
  if (error != 0 && ftruncate(file_.get(), before.st_size) != 0) return errno;
  return error;
}

// A pipe or terminal may block for as long as it likes, so it is asked first and given little.
int RecordWriter::WriteToStream(const std::string& bytes, const std::stop_token& stop) const {
  std::string_view rest = bytes;
  while (!rest.empty()) {
    pollfd writable{.fd = file_.get(), .events = POLLOUT, .revents = 0};
    if (poll(&writable, 1, kStreamPollMs) < 0 && errno != EINTR) return errno;
    if (writable.revents == 0) {
      if (stop.stop_requested()) return ECANCELED;
      continue;
    }
    const size_t chunk = std::min(rest.size(), kStreamChunkBytes);
    const ssize_t written = write(file_.get(), rest.data(), chunk);
    if (written < 0 && errno != EAGAIN && errno != EINTR) return errno;
    if (written > 0) rest.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

// Books the fate of `record`.
void RecordWriter::Settle(Record record, int error) {
  switch (error) {
    case 0: stage_.out.Add(record.spans); break;
    case EPIPE:
      closed_drops_.Add(record.spans);
      closed_.store(true, std::memory_order_relaxed);
      break;
    case ECANCELED: shutdown_.Add(record.spans); break;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: disk_full_.Add(record.spans); break;
    default: write_failed_.Add(record.spans); break;
  }
  std::lock_guard lock(mutex_);
  Hold(held_spans_ - record.spans, queued_bytes_ - record.bytes.size());
  idle_ = true;
  last_error_ = error;
  if (spare_.size() < kMaxSpare) spare_.push_back(std::move(record.bytes));
}

// Requires the lock, which makes the counter's writers one.
void RecordWriter::Hold(uint64_t spans, size_t bytes) {
  held_spans_ = spans;
  queued_bytes_ = bytes;
  stage_.held.Set(spans);
}

// Requires the lock.
Result<> RecordWriter::TakeError() {
  if (last_error_ == reported_error_) return {};
  reported_error_ = last_error_;
  if (last_error_ == 0 || last_error_ == EPIPE || last_error_ == ECANCELED) return {};
  return ErrnoError("write " + name_, last_error_);
}

}  // namespace spanwire::exporter
