// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/otlp_response.h"

#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "agent/base/byte_reader.h"
#include "agent/exporter/gzip.h"
#include "agent/exporter/terminal.h"
#include "agent/exporter/time_text.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace spanwire::exporter {
namespace {

using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;
using opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;
using std::chrono::milliseconds;
using Kind = OtlpVerdict::Kind;

constexpr size_t kMaxShown = 200;
// A server that asks for more is not believed.
constexpr milliseconds kMaxWait = std::chrono::hours(1);

std::string Shown(std::string_view text) {
  return EscapeForTerminal(text.substr(0, std::min(text.size(), kMaxShown)));
}

milliseconds Bounded(int64_t ms) {
  return milliseconds(std::clamp<int64_t>(ms, 0, kMaxWait.count()));
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const char* end = std::to_address(text.end());
  const auto parsed = std::from_chars(std::to_address(text.begin()), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

// --- google.rpc.Status, read by field numbers ----------------------------------------------------

constexpr int kStatusMessage = 2;
constexpr int kStatusDetails = 3;
constexpr int kAnyTypeUrl = 1;
constexpr int kAnyValue = 2;
constexpr int kRetryInfoDelay = 1;
constexpr int kDurationSeconds = 1;
constexpr int kDurationNanos = 2;

// The texts and submessages of field `number`.
std::vector<std::string> Texts(const UnknownFieldSet& fields, int number) {
  std::vector<std::string> texts;
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    if (field.number() != number || field.type() != UnknownField::TYPE_LENGTH_DELIMITED) continue;
    texts.push_back(field.length_delimited());
  }
  return texts;
}

std::string Text(const UnknownFieldSet& fields, int number) {
  const auto texts = Texts(fields, number);
  return texts.empty() ? std::string() : texts.back();
}

int64_t Varint(const UnknownFieldSet& fields, int number) {
  int64_t value = 0;
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    if (field.number() == number && field.type() == UnknownField::TYPE_VARINT) {
      value = static_cast<int64_t>(field.varint());
    }
  }
  return value;
}

// The delay of a google.rpc.RetryInfo.
std::optional<milliseconds> DelayOf(const std::string& retry_info) {
  UnknownFieldSet info;
  UnknownFieldSet delay;
  if (!info.ParseFromString(retry_info)) return std::nullopt;
  if (!delay.ParseFromString(Text(info, kRetryInfoDelay))) return std::nullopt;
  const int64_t seconds = std::clamp<int64_t>(Varint(delay, kDurationSeconds), 0, 86'400);
  return Bounded(seconds * 1000 + Varint(delay, kDurationNanos) / 1'000'000);
}

// The RetryInfo among the details of a google.rpc.Status.
std::optional<milliseconds> RetryDelay(const std::string& status) {
  UnknownFieldSet fields;
  if (!fields.ParseFromString(status)) return std::nullopt;
  for (const std::string& detail : Texts(fields, kStatusDetails)) {
    UnknownFieldSet any;
    if (!any.ParseFromString(detail)) continue;
    if (Text(any, kAnyTypeUrl).ends_with("/google.rpc.RetryInfo")) {
      return DelayOf(Text(any, kAnyValue));
    }
  }
  return std::nullopt;
}

// --- HTTP ---------------------------------------------------------------------------------------

// RFC 9110 §10.2.3: seconds, or a date.
std::optional<milliseconds> RetryAfter(const TransportReply& reply, int64_t now_unix_s) {
  if (!reply.retry_after) return std::nullopt;
  if (const auto seconds = ParseInteger(*reply.retry_after)) {
    return Bounded(std::clamp<int64_t>(*seconds, 0, 86'400) * 1000);
  }
  const auto date = ParseHttpDate(*reply.retry_after);
  if (!date) return std::nullopt;
  return Bounded(std::clamp<int64_t>(*date - now_unix_s, 0, 86'400) * 1000);
}

bool IsJson(const TransportReply& reply) {
  return reply.content_type.starts_with("application/json");
}

// What the body of an error says.
std::string ErrorText(const TransportReply& reply) {
  UnknownFieldSet status;
  if (reply.content_type.starts_with("application/x-protobuf") &&
      status.ParseFromString(reply.body)) {
    return Shown(Text(status, kStatusMessage));
  }
  return Shown(reply.body);
}

OtlpVerdict Delivered(const ExportTraceServiceResponse& response) {
  const auto& partial = response.partial_success();
  return {.kind = Kind::kDelivered,
          .rejected = static_cast<uint64_t>(std::max<int64_t>(partial.rejected_spans(), 0)),
          .wait = std::nullopt,
          .message = Shown(partial.error_message())};
}

// An answer that cannot be read still says 200: the spans are there.
OtlpVerdict JudgeSuccess(const TransportReply& reply) {
  ExportTraceServiceResponse response;
  if (!IsJson(reply)) {
    if (!response.ParseFromString(reply.body)) return {.message = "an unreadable response"};
    return Delivered(response);
  }
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto parsed = google::protobuf::util::JsonStringToMessage(reply.body, &response, options);
  if (!parsed.ok() && !reply.body.empty()) return {.message = "an unreadable response"};
  return Delivered(response);
}

OtlpVerdict JudgeHttp(const TransportReply& reply, int64_t now_unix_s) {
  if (reply.http_status >= 200 && reply.http_status <= 299) return JudgeSuccess(reply);
  OtlpVerdict verdict;
  verdict.message = "HTTP " + std::to_string(reply.http_status);
  if (const std::string text = ErrorText(reply); !text.empty()) verdict.message += ": " + text;
  switch (reply.http_status) {
    case 429:
    case 502:
    case 503:
    case 504:
      verdict.kind = Kind::kRetry;
      verdict.wait = RetryAfter(reply, now_unix_s);
      break;
    default: verdict.kind = Kind::kRefused; break;
  }
  return verdict;
}

// --- gRPC ---------------------------------------------------------------------------------------

enum GrpcStatus {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kDeadlineExceeded = 4,
  kResourceExhausted = 8,
  kAborted = 10,
  kOutOfRange = 11,
  kUnavailable = 14,
  kDataLoss = 15,
};

bool IsRetryable(int64_t status, bool has_retry_info) {
  switch (status) {
    case kCancelled:
    case kDeadlineExceeded:
    case kAborted:
    case kOutOfRange:
    case kUnavailable:
    case kDataLoss: return true;
    case kResourceExhausted: return has_retry_info;
    default: return false;
  }
}

// RFC 4648, as gRPC uses it for "-bin" fields: padding may be missing.
std::optional<std::string> DecodeBase64(std::string_view text) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>((bits >> count) & 0xff);
  }
  return bytes;
}

// What an HTTP status means where gRPC gave none (gRPC, "HTTP to gRPC Status Code Mapping").
int64_t StatusOfHttp(int http_status) {
  switch (http_status) {
    case 429:
    case 502:
    case 503:
    case 504: return kUnavailable;
    default: return kUnknown;
  }
}

// The message in gRPC's frame. Servers answer a compressed request with a compressed response.
std::optional<std::string> Unframe(const std::string& body) {
  ByteReader reader(body);
  const auto compressed = reader.ReadBigEndian<uint8_t>();
  const auto size = reader.ReadBigEndian<uint32_t>();
  if (!compressed || !size) return std::nullopt;
  const auto message = reader.ReadText(*size);
  if (!message) return std::nullopt;
  if (*compressed == 0) return std::string(*message);
  auto plain = Gunzip(*message, kMaxResponseBytes);
  if (!plain) return std::nullopt;
  return std::move(*plain);
}

OtlpVerdict JudgeGrpcSuccess(const TransportReply& reply) {
  ExportTraceServiceResponse response;
  const auto message = Unframe(reply.body);
  if (!message || !response.ParseFromString(*message)) return {.message = "an unreadable response"};
  return Delivered(response);
}

OtlpVerdict JudgeGrpc(const TransportReply& reply) {
  const int64_t status = reply.grpc_status ? ParseInteger(*reply.grpc_status).value_or(kUnknown)
                                           : StatusOfHttp(reply.http_status);
  if (status == kOk) return JudgeGrpcSuccess(reply);
  OtlpVerdict verdict;
  if (const auto details = DecodeBase64(reply.grpc_status_details)) {
    verdict.wait = RetryDelay(*details);
  }
  verdict.kind = IsRetryable(status, verdict.wait.has_value()) ? Kind::kRetry : Kind::kRefused;
  verdict.message = reply.grpc_status ? "gRPC status " + std::to_string(status)
                                      : "HTTP " + std::to_string(reply.http_status);
  if (!reply.grpc_message.empty()) verdict.message += ": " + Shown(reply.grpc_message);
  return verdict;
}

}  // namespace

OtlpVerdict JudgeReply(OtlpProtocol protocol, const TransportReply& reply, int64_t now_unix_s) {
  if (reply.too_large) return {.kind = Kind::kRefused, .message = "the response exceeds 4 MiB"};
  if (!reply.failure.empty()) return {.kind = Kind::kRetry, .message = Shown(reply.failure)};
  return protocol == OtlpProtocol::kGrpc ? JudgeGrpc(reply) : JudgeHttp(reply, now_unix_s);
}

}  // namespace spanwire::exporter
