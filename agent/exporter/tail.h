// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "agent/exporter/exporter.h"
#include "agent/exporter/record_writer.h"
#include "agent/exporter/tail_columns.h"
#include "agent/exporter/terminal.h"

namespace spanwire::exporter {

enum class TailFormat {
  kTable,
  kJson,  // one object a line
};

struct TailOptions {
  TailFormat format = TailFormat::kTable;
  ColorMode color = ColorMode::kAuto;
  RecordWriter::Options writer{};
};

// Shows each span as one line, as it ends: a table, with its header on a terminal, or JSON.
//
// Lines are cut to the terminal's width, and never when the output goes elsewhere. A reader that
// went away (`| head`) closes the exporter quietly; the program should then end. Ledger: see
// RecordWriter.
class TailExporter final : public SpanExporter {
 public:
  // Writes to `output` (the standard output, as a rule).
  TailExporter(UniqueFd output, const TailOptions& options, Stage& stage,
               const EnvironmentLookup& environment);

  Result<> Export(std::span<const model::Span> spans) override;
  Result<> Flush() override;
  Result<> Shutdown(std::chrono::milliseconds limit) override;

  bool closed() const { return writer_.closed(); }

 private:
  const TailFormat format_;
  const int fd_;  // owned by writer_
  RowLayout layout_;
  bool wants_header_ = false;
  Record record_;  // what was exported since the last Flush()
  RecordWriter writer_;
};

}  // namespace spanwire::exporter
