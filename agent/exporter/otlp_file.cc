// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/otlp_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace spanwire::exporter {
namespace {

// Readers of JSON lines limit the length of a line (the Collector's to 1 MiB): cut well before.
constexpr size_t kMaxRecordBytes = size_t{512} << 10;

std::unique_ptr<OtlpEncoding> MakeEncoding(OtlpFileFormat format, const AgentIdentity& agent) {
  return format == OtlpFileFormat::kJson ? MakeJsonEncoding(agent, OtlpFraming::kFile)
                                         : MakeProtoEncoding(agent, OtlpFraming::kFile);
}

// A line that an earlier run or worker was killed in gets its end, so that the next one begins a
// line.
UniqueFd WithWholeLines(UniqueFd file, OtlpFileFormat format) {
  const int fd = file.get();
  struct stat status{};
  if (format != OtlpFileFormat::kJson || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
      status.st_size == 0) {
    return file;
  }
  char last = '\n';
  if (pread(fd, &last, 1, status.st_size - 1) != 1 || last == '\n') return file;
  // Fails only where the next record fails too, and that is counted.
  [[maybe_unused]] const ssize_t ended = write(fd, "\n", 1);
  return file;
}

}  // namespace

Result<UniqueFd> OpenOtlpFile(const OtlpFileOptions& options) {
  if (options.path == "-") {
    UniqueFd file(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
    if (!file) return ErrnoError("use standard output", errno);
    return file;
  }
  constexpr int kFlags = O_CREAT | O_APPEND | O_CLOEXEC;
  constexpr mode_t kMode = 0640;
  // A FIFO would be held open by us if we could read it: only what is regular is opened for that.
  struct stat status{};
  const bool regular = stat(options.path.c_str(), &status) != 0 || S_ISREG(status.st_mode);
  UniqueFd file(open(options.path.c_str(), kFlags | (regular ? O_RDWR : O_WRONLY), kMode));
  if (!file) return ErrnoError("open " + options.path + " for spans", errno);
  return file;
}

Result<std::unique_ptr<OtlpFileExporter>> OtlpFileExporter::Open(const OtlpFileOptions& options,
                                                                 const AgentIdentity& agent,
                                                                 Stage& stage) {
  Result<UniqueFd> file = OpenOtlpFile(options);
  if (!file) return file.error();
  return std::make_unique<OtlpFileExporter>(std::move(file.value()), options, agent, stage);
}

OtlpFileExporter::OtlpFileExporter(UniqueFd file, const OtlpFileOptions& options,
                                   const AgentIdentity& agent, Stage& stage)
    : encoder_(MakeEncoding(options.format, agent)),
      writer_(WithWholeLines(std::move(file), options.format), options.path, stage,
              options.writer) {}

Result<> OtlpFileExporter::Export(std::span<const model::Span> spans) {
  Result<> first;
  for (const model::Span& span : spans) {
    encoder_.Add(span);
    if (encoder_.size_bytes() < kMaxRecordBytes) continue;
    if (Result<> result = Flush(); !result && first) first = std::move(result);
  }
  return first;
}

Result<> OtlpFileExporter::Shutdown(std::chrono::milliseconds limit) {
  Result<> flushed = Flush();
  Result<> written = writer_.Shutdown(limit);
  return flushed ? written : flushed;
}

Result<> OtlpFileExporter::Flush() {
  if (encoder_.span_count() == 0) return {};
  Record record;
  record.spans = encoder_.span_count();
  record.bytes = encoder_.Finish(writer_.TakeMemory());
  return writer_.Submit(std::move(record));
}

}  // namespace spanwire::exporter
