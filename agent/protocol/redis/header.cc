// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/redis/header.h"

#include <charconv>

namespace spanwire::protocol::redis {
namespace {

constexpr std::string_view kLineTypes = "+-:_,#(";
constexpr std::string_view kAggregateTypes = "*%~>|";
constexpr std::string_view kBulkTypes = "$=!;";

bool ReadValue(std::string_view text, Header& header) {
  header.null = text == "-1";
  header.streamed = text == "?";
  if (header.null || header.streamed) return true;
  if (text.empty() || text.front() < '0' || text.front() > '9') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), header.value);
  return error == std::errc() && end == text.data() + text.size() && header.value <= kMaxLength;
}

}  // namespace

bool IsLineType(char type) { return kLineTypes.find(type) != std::string_view::npos; }
bool IsAggregateType(char type) { return kAggregateTypes.find(type) != std::string_view::npos; }

HeaderStatus ReadHeader(std::string_view bytes, Header& header) {
  if (bytes.empty()) return HeaderStatus::kIncomplete;
  header = {};
  header.type = bytes.front();
  const bool ends_stream = header.type == '.';
  const bool known = IsAggregateType(header.type) || ends_stream ||
                     kBulkTypes.find(header.type) != std::string_view::npos;
  if (!known) return HeaderStatus::kInvalid;
  const size_t end = bytes.substr(0, kMaxHeaderLine).find('\n');
  if (end == std::string_view::npos) {
    return bytes.size() < kMaxHeaderLine ? HeaderStatus::kIncomplete : HeaderStatus::kInvalid;
  }
  if (end < 2 || bytes[end - 1] != '\r') {
    return HeaderStatus::kInvalid;
  }
  header.size = end + 1;
  const std::string_view text = bytes.substr(1, end - 2);
  if (ends_stream) return text.empty() ? HeaderStatus::kComplete : HeaderStatus::kInvalid;
  return ReadValue(text, header) ? HeaderStatus::kComplete : HeaderStatus::kInvalid;
}

std::optional<BulkString> ReadBulkString(std::string_view bytes) {
  Header header;
  if (ReadHeader(bytes, header) != HeaderStatus::kComplete) return std::nullopt;
  if (header.type != '$' || header.null || header.streamed) return std::nullopt;
  BulkString string;
  string.length = header.value;
  string.text = bytes.substr(header.size, header.value);
  string.size = header.size + header.value + 2;
  string.whole = string.text.size() == header.value;
  return string;
}

}  // namespace spanwire::protocol::redis
