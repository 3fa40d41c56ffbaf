// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/tail.h"

#include <unistd.h>

#include <utility>

namespace spanwire::exporter {

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
  if (spans.empty()) return {};
  // Asked each time: windows change their size.
  layout_.columns = TerminalColumns(fd_);
  Record record;
  record.spans = spans.size();
  if (std::exchange(wants_header_, false)) AppendHeader(layout_, record.bytes);
  for (const model::Span& span : spans) {
    if (format_ == TailFormat::kJson) {
      AppendRequestJson(span, record.bytes);
    } else {
      AppendRow(span, layout_, record.bytes);
    }
  }
  return writer_.Submit(std::move(record));
}

}  // namespace spanwire::exporter
