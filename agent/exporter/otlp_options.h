// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/result.h"
#include "agent/exporter/environment.h"
#include "agent/exporter/record_writer.h"

namespace spanwire::exporter {

enum class OtlpProtocol { kGrpc, kHttpProtobuf, kHttpJson };
enum class Compression { kNone, kGzip };

// Where spans go over the network, and how. Validated: `url` is http:// or https:// with a host.
struct OtlpOptions {
  OtlpProtocol protocol = OtlpProtocol::kHttpProtobuf;
  std::string url;  // what requests are POSTed to; may hold a password, see WithoutPassword()
  std::vector<std::pair<std::string, std::string>> headers;  // secrets: never shown
  Compression compression = Compression::kNone;
  std::chrono::milliseconds timeout{10'000};  // of one attempt; 0 = none

  // PEM files; empty: the system's authorities, no client certificate.
  std::string certificate;
  std::string client_certificate;
  std::string client_key;
  // What is in them, once LoadCredentials() has read them; the files are then not needed any more.
  std::string certificate_pem;
  std::string client_certificate_pem;
  std::string client_key_pem;

  // A batch is sent when it is full or this old.
  std::chrono::milliseconds schedule_delay{1'000};
  size_t max_batch_spans = 512;
  // Before compression. Many servers take 4 MiB.
  size_t max_batch_bytes = size_t{7} << 19;  // 3.5 MiB

  // All that is held: being gathered, waiting and being sent.
  size_t max_queue_spans = 65'536;
  size_t max_queue_bytes = size_t{32} << 20;
  WhenFull when_full = WhenFull::kDrop;

  // The wait before the first retry; it doubles with each further one up to the maximum.
  std::chrono::milliseconds initial_backoff{500};
  std::chrono::milliseconds max_backoff{10'000};
};

// What the command line says; it wins over the environment. Empty: not given.
struct OtlpOverrides {
  std::string endpoint{};     // as OTEL_EXPORTER_OTLP_ENDPOINT
  std::string protocol{};     // as OTEL_EXPORTER_OTLP_PROTOCOL
  std::string compression{};  // as OTEL_EXPORTER_OTLP_COMPRESSION
};

struct OtlpSettings {
  // An endpoint is named (or OTEL_TRACES_EXPORTER asks for otlp), and nothing forbids to export.
  bool enabled = false;
  OtlpOptions options;
  // Values that were ignored, each with its reason, for the log. They hold no secrets.
  std::vector<std::string> warnings;
};

// Reads OTEL_EXPORTER_OTLP_*, their _TRACES_ forms, OTEL_BSP_*, OTEL_TRACES_EXPORTER and
// OTEL_SDK_DISABLED as the OpenTelemetry specification 1.60 has them. Without a protocol, port 4317
// means gRPC. An endpoint that cannot be used, or an override that cannot be read, is an error.
Result<OtlpSettings> OtlpOptionsFromEnvironment(const EnvironmentLookup& environment,
                                                const OtlpOverrides& overrides);

// Reads the PEM files that `options` name, for a process that will not be able to open them later.
Result<> LoadCredentials(OtlpOptions& options);

// What an endpoint that serves all signals is called for spans: "http://host:4318" becomes
// "http://host:4318/v1/traces", and for gRPC the method's path replaces the path. Without a scheme,
// which only gRPC allows, `insecure` chooses http.
Result<std::string> TracesUrl(std::string_view endpoint, OtlpProtocol protocol, bool insecure);

// As TracesUrl(), for an endpoint that serves spans alone (OTEL_EXPORTER_OTLP_TRACES_ENDPOINT):
// over HTTP it is used as it is.
Result<std::string> SignalUrl(std::string_view endpoint, OtlpProtocol protocol, bool insecure);

// Whether `endpoint` ends its authority with ":port".
bool NamesPort(std::string_view endpoint, std::string_view port);

// `url` fit for a log: no user, password or query.
std::string WithoutPassword(std::string_view url);

}  // namespace spanwire::exporter
