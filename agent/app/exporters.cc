// SPDX-License-Identifier: Apache-2.0
#include "agent/app/exporters.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "agent/app/version.h"
#include "agent/exporter/otlp_exporter.h"
#include "agent/exporter/otlp_file.h"
#include "agent/exporter/tail.h"

namespace spanwire::app {
namespace {

exporter::AgentIdentity Identity() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return {std::string(kVersion), host.data()};
}

std::optional<std::string> Environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT: no thread sets the environment
  return value ? std::optional<std::string>(value) : std::nullopt;
}

// A replay waits for its writers: nothing is lost there.
exporter::RecordWriter::Options WriterOptions(const Options& options) {
  exporter::RecordWriter::Options writer;
  if (options.verb == Verb::kReplay) writer.when_full = exporter::WhenFull::kWait;
  return writer;
}

Result<> AddFile(const Options& options, Ledger& ledger, SpanBatcher& spans) {
  exporter::OtlpFileOptions file;
  file.path = options.exports.otlp_file;
  file.format = options.exports.otlp_file_format == FileFormat::kProto
                    ? exporter::OtlpFileFormat::kProto
                    : exporter::OtlpFileFormat::kJson;
  file.writer = WriterOptions(options);
  auto made = exporter::OtlpFileExporter::Open(file, Identity(),
                                               ledger.AddStage("exporter/otlp-file", "spans"));
  if (!made) return made.error();
  spans.Add(std::move(*made));
  return {};
}

// What the flags leave open is the environment's: OTEL_EXPORTER_OTLP_* and its like. Alone it only
// makes the daemon export: who looks on does not mean to send.
Result<> AddOtlp(const Options& options, Ledger& ledger, SpanBatcher& spans) {
  if (options.verb != Verb::kDaemon && !options.exports.otlp_endpoint) return {};
  const auto settings = exporter::OtlpOptionsFromEnvironment(
      Environment, {.endpoint = options.exports.otlp_endpoint.value_or(""),
                    .protocol = options.exports.otlp_protocol.value_or(""),
                    .compression = options.exports.otlp_compression.value_or("")});
  if (!settings) return settings.error();
  for (const std::string& warning : settings->warnings) {
    std::fprintf(stderr, "spanwire: warning: %s\n", warning.c_str());
  }
  if (!settings->enabled) return {};
  exporter::OtlpOptions otlp = settings->options;
  if (options.verb == Verb::kReplay) otlp.when_full = exporter::WhenFull::kWait;
  auto made =
      exporter::OtlpExporter::Make(otlp, Identity(), ledger.AddStage("exporter/otlp", "spans"));
  if (!made) return made.error();
  spans.Add(std::move(*made));
  return {};
}

Result<exporter::TailExporter*> AddTail(const Options& options, Ledger& ledger,
                                        SpanBatcher& spans) {
  UniqueFd output(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!output) return ErrnoError("cannot use the standard output", errno);
  exporter::TailOptions tail;
  tail.format = options.output.format == OutputFormat::kJson ? exporter::TailFormat::kJson
                                                             : exporter::TailFormat::kTable;
  tail.color = options.output.color == ColorMode::kAlways  ? exporter::ColorMode::kAlways
               : options.output.color == ColorMode::kNever ? exporter::ColorMode::kNever
                                                           : exporter::ColorMode::kAuto;
  tail.writer = WriterOptions(options);
  auto made = std::make_unique<exporter::TailExporter>(
      std::move(output), tail, ledger.AddStage("exporter/tail", "spans"), Environment);
  auto* shown = made.get();
  spans.Add(std::move(made));
  return shown;
}

}  // namespace

Result<> AddExporters(const Options& options, Ledger& ledger, SpanBatcher& spans,
                      exporter::TailExporter** tail) {
  *tail = nullptr;
  if (!options.exports.otlp_file.empty()) {
    SPANWIRE_RETURN_IF_ERROR(AddFile(options, ledger, spans));
  }
  SPANWIRE_RETURN_IF_ERROR(AddOtlp(options, ledger, spans));
  const bool quiet_replay = options.verb == Verb::kReplay && !options.exports.otlp_file.empty();
  if (options.verb == Verb::kTail || (options.verb == Verb::kReplay && !quiet_replay)) {
    auto added = AddTail(options, ledger, spans);
    if (!added) return added.error();
    *tail = *added;
  }
  return {};
}

}  // namespace spanwire::app
