// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "agent/exporter/exporter.h"
#include "agent/exporter/otlp_encoder.h"
#include "agent/exporter/record_writer.h"

namespace spanwire::exporter {

enum class OtlpFileFormat {
  kJson,   // OTLP JSON lines: one TracesData object a line
  kProto,  // TracesData messages, each after its length as a varint
};

struct OtlpFileOptions {
  std::string path;  // appended to, made when missing; "-" = standard output
  OtlpFileFormat format = OtlpFileFormat::kJson;
  RecordWriter::Options writer{};
};

// Opens the file of `options` to append to it.
Result<UniqueFd> OpenOtlpFile(const OtlpFileOptions& options);

// Appends spans to a file that is readable to its last record at any time.
//
// A record is what was exported until Flush(), or until it is large, so the same spans in the same
// calls give the same bytes. Ledger: see RecordWriter.
class OtlpFileExporter final : public SpanExporter {
 public:
  static Result<std::unique_ptr<OtlpFileExporter>> Open(const OtlpFileOptions& options,
                                                        const AgentIdentity& agent, Stage& stage);
  // Writes to `file`, which OpenOtlpFile() opened.
  OtlpFileExporter(UniqueFd file, const OtlpFileOptions& options, const AgentIdentity& agent,
                   Stage& stage);

  Result<> Export(std::span<const model::Span> spans) override;
  Result<> Flush() override;
  Result<> Shutdown(std::chrono::milliseconds limit) override;

  // Goes on in `file`, which OpenOtlpFile() opened: the one before was moved away.
  void Reopen(UniqueFd file) { writer_.Reopen(std::move(file)); }

  // The reader of a pipe went away.
  bool closed() const { return writer_.closed(); }

 private:
  OtlpEncoder encoder_;
  RecordWriter writer_;
};

}  // namespace spanwire::exporter
