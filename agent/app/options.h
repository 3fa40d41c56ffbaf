// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/app/verb_table.h"
#include "agent/protocol/parser.h"

// What the user asked for: plain, validated data. Made once by ParseCommandLine() (flags.h);
// nothing behind it looks at a flag, at argv or at the SPANWIRE_* environment again.
namespace spanwire::app {

// What the process exits with.
enum ExitCode : uint8_t {
  kExitOk = 0,
  kExitFailed = 1,        // the operation failed, or a doctor's check did
  kExitUsage = 2,         // the command line is wrong
  kExitNoPermission = 3,  // names the missing capability
  kExitUnsupported = 4,   // this kernel cannot do it
  kExitNoDaemon = 5,
  kExitNoData = 6,
  kExitTimeout = 7,
  // Of the daemon: a service manager must not restart it, nothing would change.
  kExitDaemonNoPermission = 77,
  kExitDaemonConfig = 78,
};

enum class OutputFormat : uint8_t { kText, kJson };
enum class ColorMode : uint8_t { kAuto, kAlways, kNever };
enum class FileFormat : uint8_t { kJson, kProto };  // kProto: length-delimited

// Which traffic to look at: empty lists let everything pass, entries of one list are alternatives,
// different lists must all match. At most SPANWIRE_MAX_FILTERS entries a list.
struct FilterOptions {
  std::vector<uint16_t> ports;  // local or remote
  std::vector<uint32_t> pids;
  std::vector<std::string> comms;  // at most 15 bytes each, as the kernel keeps them
};

struct CaptureOptions {
  FilterOptions filters;
  std::optional<int> tier;          // 1, 2 or 3; absent: the best that the probe finds
  uint32_t ring_size_bytes = 0;     // a power of two, whole pages
  uint32_t capture_size_bytes = 0;  // of each turn, until the connection's policy says otherwise
  bool datagrams = false;           // records of UDP too
  std::string root_path;            // the host's root directory: ROOT/proc, ROOT/etc, ROOT/sys
};

struct PipelineOptions {
  uint64_t memory_limit_bytes = 0;
  uint32_t shards = 0;  // threads that follow connections; 0: by the number of processors
  std::chrono::milliseconds request_timeout{0};
  std::chrono::milliseconds idle_timeout{0};
  protocol::QueryText db_query_text = protocol::QueryText::kNormalized;
};

// Where spans go besides the lines on stdout. tail always shows lines, replay when nothing here is
// set. What is absent is left to the OTEL_EXPORTER_OTLP_* environment.
struct ExportOptions {
  std::string otlp_file;  // empty: no file; "-": stdout
  FileFormat otlp_file_format = FileFormat::kJson;
  std::optional<std::string> otlp_endpoint;
  std::optional<std::string> otlp_protocol;     // "grpc", "http/protobuf", "http/json"
  std::optional<std::string> otlp_compression;  // "gzip", "none"
};

struct OutputOptions {
  OutputFormat format = OutputFormat::kText;
  ColorMode color = ColorMode::kAuto;
  uint64_t limit = 0;  // stop after this many requests; 0: never
};

struct StatsOptions {
  std::string path;  // empty: no file
  std::chrono::milliseconds interval{0};
};

struct HelpOptions {
  bool brief = false;         // the page of at most 24 lines
  std::optional<Verb> topic;  // absent: all of spanwire
};

struct Options {
  Verb verb = Verb::kHelp;
  HelpOptions help;                      // verb help
  std::string recording_path;            // record: what to write; replay: what to read
  std::chrono::milliseconds run_for{0};  // stop after this time; 0: never
  CaptureOptions capture;
  PipelineOptions pipeline;
  ExportOptions exports;
  OutputOptions output;
  StatsOptions stats;
};

}  // namespace spanwire::app
