// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "agent/app/options.h"
#include "agent/app/pipeline.h"
#include "agent/base/ledger.h"
#include "agent/base/result.h"
#include "agent/base/unique_fd.h"
#include "agent/exporter/otlp_options.h"

namespace spanwire::exporter {
class OtlpFileExporter;
class TailExporter;
}  // namespace spanwire::exporter

namespace spanwire::app {

// Where spans will go: all that has to be read or opened before privileges are given up.
struct ExportPlan {
  std::optional<exporter::OtlpOptions> otlp;  // over the network
  UniqueFd otlp_file;                         // already open; none: opened by its path
};

// Reads the environment and the certificates that `options` and it name.
Result<ExportPlan> PlanExports(const Options& options);

// Whether spans go to a file that has to be opened, and opens it.
bool HasOtlpFile(const Options& options);
Result<UniqueFd> OpenOtlpFile(const Options& options);

// The exporters that someone has to talk to later; null where there is none.
struct AddedExporters {
  exporter::TailExporter* tail = nullptr;
  exporter::OtlpFileExporter* otlp_file = nullptr;
};

// Makes the exporters that `options` ask for and gives them to the pipeline. Lines on stdout are
// shown by tail always, by replay when nothing else was asked for.
Result<AddedExporters> AddExporters(const Options& options, ExportPlan plan, Ledger& ledger,
                                    SpanBatcher& spans);

}  // namespace spanwire::app
