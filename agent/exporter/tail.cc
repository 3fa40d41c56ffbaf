// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/tail.h"

#include <unistd.h>

#include <utility>

namespace spanwire::exporter {
namespace {

constexpr size_t kMaxRecordBytes = size_t{64} << 10;

}  // namespace

TailExporter::TailExporter(UniqueFd output, const TailOptions& options, Stage& stage,
                           const EnvironmentLookup& environment)
    : format_(options.format),
      fd_(output.get()),
      writer_(std::move(output), "the list of requests", stage, options.writer) {
  const bool is_terminal = isatty(fd_) == 1;
  layout_.color = WantsColor(options.color, is_terminal, environment);
  wants_header_ = is_terminal && format_ == TailFormat::kTable;
}

Result<> TailExporter::Export(std::span<const model::Span> spans) {
  // Asked each time: windows change their size.
  if (record_.spans == 0) layout_.columns = TerminalColumns(fd_);
  if (std::exchange(wants_header_, false)) AppendHeader(layout_, record_.bytes);
  for (const model::Span& span : spans) {
    if (format_ == TailFormat::kJson) {
      AppendRequestJson(span, record_.bytes);
    } else {
      AppendRow(span, layout_, record_.bytes);
    }
  }
  record_.spans += spans.size();
  return record_.bytes.size() < kMaxRecordBytes ? Result<>() : Flush();
}

Result<> TailExporter::Flush() {
  if (record_.spans == 0) return {};
  return writer_.Submit(std::exchange(record_, {}));
}

Result<> TailExporter::Shutdown(std::chrono::milliseconds limit) {
  Result<> flushed = Flush();
  Result<> written = writer_.Shutdown(limit);
  return flushed ? written : flushed;
}

}  // namespace spanwire::exporter
