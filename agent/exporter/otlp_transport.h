// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/result.h"
#include "agent/exporter/otlp_options.h"

namespace spanwire::exporter {

// What came back from one attempt.
struct TransportReply {
  std::string failure;     // why there is no answer; empty: there is one
  bool too_large = false;  // the answer exceeded kMaxResponseBytes
  int http_status = 0;
  std::string content_type;
  std::string body;
  std::optional<std::string> retry_after;
  // Of the header or the trailer.
  std::optional<std::string> grpc_status;
  std::string grpc_message;         // percent-encoded
  std::string grpc_status_details;  // base64
};

// OTLP 1.11: a client reads no more of an answer.
inline constexpr size_t kMaxResponseBytes = size_t{4} << 20;

// Carries one request at a time to one place.
class OtlpTransport {
 public:
  virtual ~OtlpTransport() = default;

  // POSTs `body` and waits for the answer, at most until the time-out or the limit.
  virtual TransportReply Post(std::string_view body) = 0;

  // No Post(), the one in progress included, lasts beyond `deadline`. Any thread.
  virtual void LimitTo(std::chrono::steady_clock::time_point deadline) = 0;
};

// Header fields that every request of `options` has, those of the user included.
std::vector<std::pair<std::string, std::string>> RequestHeaders(const OtlpOptions& options,
                                                                std::string_view agent_version);

// The body that carries `message`: compressed and framed as `options` want it.
Result<std::string> RequestBody(const OtlpOptions& options, std::string message);

// libcurl: HTTP/1.1, and HTTP/2 for gRPC and where TLS offers it. Connections are kept. Never falls
// back from https to http, and follows no redirect. Call it before other threads run.
Result<std::unique_ptr<OtlpTransport>> MakeCurlTransport(const OtlpOptions& options,
                                                         std::string_view agent_version);

}  // namespace spanwire::exporter
