// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <utility>

#include "agent/exporter/gzip.h"
#include "agent/exporter/otlp_transport.h"

namespace spanwire::exporter {
namespace {

const char* ContentType(OtlpProtocol protocol) {
  switch (protocol) {
    case OtlpProtocol::kGrpc: return "application/grpc";
    case OtlpProtocol::kHttpProtobuf: return "application/x-protobuf";
    case OtlpProtocol::kHttpJson: return "application/json";
  }
  return "";
}

// gRPC's length-prefixed message: a flag, then four bytes of length.
std::string Frame(std::string_view message, bool compressed) {
  const auto size = static_cast<uint32_t>(message.size());
  std::string frame;
  frame.reserve(5 + message.size());
  frame += compressed ? '\1' : '\0';
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>((size >> shift) & 0xff);
  return frame.append(message);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> RequestHeaders(const OtlpOptions& options,
                                                                std::string_view agent_version) {
  const std::string version(agent_version);
  const bool grpc = options.protocol == OtlpProtocol::kGrpc;
  const bool gzip = options.compression == Compression::kGzip;
  auto headers = options.headers;
  headers.emplace_back("content-type", ContentType(options.protocol));
  headers.emplace_back("user-agent", "spanwire/" + version + " OTel-OTLP-Exporter-Cpp/" + version);
  if (gzip) headers.emplace_back(grpc ? "grpc-encoding" : "content-encoding", "gzip");
  if (!grpc) return headers;
  headers.emplace_back("te", "trailers");
  headers.emplace_back("grpc-accept-encoding", "identity,gzip");
  if (options.timeout.count() > 0) {
    // At most eight digits (gRPC over HTTP/2): in seconds when milliseconds need more.
    const auto ms = options.timeout.count();
    const bool fits = ms <= 99'999'999;
    headers.emplace_back("grpc-timeout",
                         fits ? std::to_string(ms) + "m" : std::to_string(ms / 1000) + "S");
  }
  return headers;
}

Result<std::string> RequestBody(const OtlpOptions& options, std::string message) {
  const bool gzip = options.compression == Compression::kGzip;
  if (gzip) {
    Result<std::string> packed = Gzip(message);
    if (!packed) return packed;
    message = std::move(*packed);
  }
  if (options.protocol == OtlpProtocol::kGrpc) return Frame(message, gzip);
  return message;
}

}  // namespace spanwire::exporter
