// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/app/options.h"
#include "agent/app/pipeline.h"
#include "agent/base/ledger.h"
#include "agent/base/result.h"

namespace spanwire::exporter {
class TailExporter;
}

namespace spanwire::app {

// Makes the exporters that `options` ask for and gives them to the pipeline. Lines on stdout are
// shown by tail always, by replay when nothing else was asked for; *tail is that exporter then,
// else null.
Result<> AddExporters(const Options& options, Ledger& ledger, SpanBatcher& spans,
                      exporter::TailExporter** tail);

}  // namespace spanwire::app
