// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/framing.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "agent/protocol/http1/chars.h"

namespace spanwire::protocol::http1 {
namespace {

using Kind = BodyFraming::Kind;

// Takes the next element off a comma-separated list, trimmed; empty elements are possible.
std::string_view TakeElement(std::string_view& list) {
  const size_t comma = list.find(',');
  const std::string_view element = TrimBlank(list.substr(0, comma));
  list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  return element;
}

// 1*DIGIT up to 2^63 - 1, the largest attribute value.
std::optional<uint64_t> ParseLength(std::string_view text) {
  constexpr uint64_t kLimit = std::numeric_limits<int64_t>::max();
  if (text.empty()) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return std::nullopt;
    const auto digit = static_cast<uint64_t>(c - '0');
    if (value > (kLimit - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

bool IsKnownCoding(std::string_view coding) {
  static constexpr std::array<std::string_view, 5> kCodings = {"gzip", "x-gzip", "deflate",
                                                               "compress", "x-compress"};
  return std::ranges::any_of(kCodings,
                             [&](std::string_view known) { return EqualsLower(coding, known); });
}

// A codings list whose end nobody can dispute. HTTP/1.0 knows no Transfer-Encoding (§6.1), and one
// that comes with a Content-Length is how requests are smuggled (§6.3 rule 3).
bool CodingsAgree(const FramingFields& fields, int minor_version) {
  return !fields.bad_coding && minor_version > 0 && !fields.content_length && !fields.bad_length;
}

constexpr BodyFraming kAmbiguous = {.kind = Kind::kAmbiguous};

}  // namespace

void AddContentLength(std::string_view value, FramingFields& fields) {
  do {
    const auto length = ParseLength(TakeElement(value));
    if (!length || (fields.content_length && *fields.content_length != *length)) {
      fields.bad_length = true;
      return;
    }
    fields.content_length = length;
  } while (!value.empty());
}

void AddTransferEncoding(std::string_view value, FramingFields& fields) {
  fields.transfer_encoding = true;
  bool any = false;
  while (!value.empty()) {
    const std::string_view coding = TakeElement(value);
    if (coding.empty()) continue;
    any = true;
    if (fields.chunked) fields.bad_coding = true;
    if (EqualsLower(coding, "chunked")) {
      fields.chunked = true;
    } else if (!IsKnownCoding(coding)) {
      fields.bad_coding = true;
    }
  }
  if (!any) fields.bad_coding = true;
}

BodyFraming RequestFraming(const FramingFields& fields, int minor_version) {
  if (fields.suspicious) return kAmbiguous;
  if (fields.transfer_encoding) {
    if (!fields.chunked || !CodingsAgree(fields, minor_version)) return kAmbiguous;
    return {.kind = Kind::kChunked, .declared = true};
  }
  if (fields.bad_length) return kAmbiguous;
  if (!fields.content_length) return {};
  return {.kind = *fields.content_length == 0 ? Kind::kNone : Kind::kLength,
          .length = *fields.content_length,
          .declared = true};
}

BodyFraming ResponseFraming(const FramingFields& fields, int minor_version, int code,
                            AnsweredRequest request) {
  if (fields.suspicious) return kAmbiguous;
  if (code == 101 || (request.is_connect && code / 100 == 2)) return {.kind = Kind::kTunnel};
  if (request.is_head || code / 100 == 1 || code == 204 || code == 304) return {};
  if (fields.transfer_encoding) {
    if (!CodingsAgree(fields, minor_version)) return kAmbiguous;
    return {.kind = fields.chunked ? Kind::kChunked : Kind::kUntilClose, .declared = true};
  }
  if (fields.bad_length) return kAmbiguous;
  if (!fields.content_length) return {.kind = Kind::kUntilClose};
  return {.kind = *fields.content_length == 0 ? Kind::kNone : Kind::kLength,
          .length = *fields.content_length,
          .declared = true};
}

}  // namespace spanwire::protocol::http1
