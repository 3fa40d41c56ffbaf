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

exporter::OtlpFileOptions FileOptions(const Options& options) {
  exporter::OtlpFileOptions file;
  file.path = options.exports.otlp_file;
  file.format = options.exports.otlp_file_format == FileFormat::kProto
                    ? exporter::OtlpFileFormat::kProto
                    : exporter::OtlpFileFormat::kJson;
  file.writer = WriterOptions(options);
  return file;
}

Result<exporter::OtlpFileExporter*> AddFile(const Options& options, UniqueFd file, Ledger& ledger,
                                            SpanBatcher& spans) {
  const exporter::OtlpFileOptions how = FileOptions(options);
  if (!file) {
    auto opened = exporter::OpenOtlpFile(how);
    if (!opened) return opened.error();
    file = std::move(*opened);
  }
  auto made = std::make_unique<exporter::OtlpFileExporter>(
      std::move(file), how, Identity(), ledger.AddStage("exporter/otlp-file", "spans"));
  auto* added = made.get();
  spans.Add(std::move(made));
  return added;
}

Result<> AddOtlp(const exporter::OtlpOptions& otlp, Ledger& ledger, SpanBatcher& spans) {
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

// What the flags leave open is the environment's: OTEL_EXPORTER_OTLP_* and its like. Alone it only
// makes the daemon export: who looks on does not mean to send.
Result<ExportPlan> PlanExports(const Options& options) {
  ExportPlan plan;
  if (options.verb != Verb::kDaemon && !options.exports.otlp_endpoint) return plan;
  auto settings = exporter::OtlpOptionsFromEnvironment(
      Environment, {.endpoint = options.exports.otlp_endpoint.value_or(""),
                    .protocol = options.exports.otlp_protocol.value_or(""),
                    .compression = options.exports.otlp_compression.value_or("")});
  if (!settings) return settings.error();
  for (const std::string& warning : settings->warnings) {
    std::fprintf(stderr, "spanwire: warning: %s\n", warning.c_str());
  }
  if (!settings->enabled) return plan;
  SPANWIRE_RETURN_IF_ERROR(exporter::LoadCredentials(settings->options));
  plan.otlp = std::move(settings->options);
  if (options.verb == Verb::kReplay) plan.otlp->when_full = exporter::WhenFull::kWait;
  return plan;
}

bool HasOtlpFile(const Options& options) {
  return !options.exports.otlp_file.empty() && options.exports.otlp_file != "-";
}

Result<UniqueFd> OpenOtlpFile(const Options& options) {
  return exporter::OpenOtlpFile(FileOptions(options));
}

Result<AddedExporters> AddExporters(const Options& options, ExportPlan plan, Ledger& ledger,
                                    SpanBatcher& spans) {
  AddedExporters added;
  if (!options.exports.otlp_file.empty()) {
    auto file = AddFile(options, std::move(plan.otlp_file), ledger, spans);
    if (!file) return file.error();
    added.otlp_file = *file;
  }
  if (plan.otlp) SPANWIRE_RETURN_IF_ERROR(AddOtlp(*plan.otlp, ledger, spans));
  const bool quiet_replay = options.verb == Verb::kReplay && !options.exports.otlp_file.empty();
  if (options.verb == Verb::kTail || (options.verb == Verb::kReplay && !quiet_replay)) {
    auto tail = AddTail(options, ledger, spans);
    if (!tail) return tail.error();
    added.tail = *tail;
  }
  return added;
}

}  // namespace spanwire::app
