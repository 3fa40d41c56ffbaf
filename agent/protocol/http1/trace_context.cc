// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/trace_context.h"

#include <algorithm>
#include <span>

#include "agent/protocol/http1/chars.h"

namespace spanwire::protocol::http1 {
namespace {

constexpr size_t kVersion00Size = 55;  // "00-" + 32 + "-" + 16 + "-" + 2
constexpr size_t kMaxMembers = 32;
constexpr size_t kMaxKeySize = 256;
constexpr size_t kMaxValueSize = 256;

int LowerHexValue(char c) { return IsUpper(c) ? -1 : HexValue(c); }

// Lower-case hexadecimal digits only. Requires text.size() == 2 * bytes.size().
bool DecodeHex(std::string_view text, std::span<uint8_t> bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int high = LowerHexValue(text[2 * i]);
    const int low = LowerHexValue(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return true;
}

bool IsZero(std::span<const uint8_t> bytes) {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
}

bool IsKey(std::string_view key) {
  if (key.empty() || key.size() > kMaxKeySize) return false;
  if (IsUpper(key.front()) || !(IsAlpha(key.front()) || IsDigit(key.front()))) return false;
  return std::ranges::all_of(key, [](char c) {
    return (IsAlpha(c) && !IsUpper(c)) || IsDigit(c) ||
           std::string_view("_-*/@").find(c) != std::string_view::npos;
  });
}

bool IsValue(std::string_view value) {
  if (value.empty() || value.size() > kMaxValueSize || value.back() == ' ') return false;
  return std::ranges::all_of(value, [](char c) { return c >= 0x20 && c < 0x7f && c != '='; });
}

bool IsMember(std::string_view member) {
  const size_t equals = member.find('=');
  return equals != std::string_view::npos && IsKey(member.substr(0, equals)) &&
         IsValue(member.substr(equals + 1));
}

}  // namespace

void ParseTraceParent(std::string_view value, model::TraceContext& context) {
  context.valid = false;
  if (value.size() < kVersion00Size) return;
  if (value[2] != '-' || value[35] != '-' || value[52] != '-') return;

  std::array<uint8_t, 1> version{};
  std::array<uint8_t, 1> flags{};
  if (!DecodeHex(value.substr(0, 2), version) || !DecodeHex(value.substr(53, 2), flags)) return;
  if (version[0] == 0xff) return;
  if (version[0] == 0 && value.size() != kVersion00Size) return;
  if (value.size() > kVersion00Size && value[kVersion00Size] != '-') return;

  if (!DecodeHex(value.substr(3, 32), context.trace_id)) return;
  if (!DecodeHex(value.substr(36, 16), context.span_id)) return;
  if (IsZero(context.trace_id) || IsZero(context.span_id)) return;
  constexpr uint8_t kSampled = 1;
  context.flags = version[0] == 0 ? flags[0] : flags[0] & kSampled;  // others may mean other things
  context.valid = true;
  context.source = "traceparent";
}

void ParseTraceState(std::string_view value, model::TraceContext& context) {
  context.trace_state.clear();
  size_t members = 0;
  for (std::string_view rest = value; !rest.empty();) {
    const size_t comma = rest.find(',');
    const std::string_view member = TrimBlank(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    if (member.empty()) continue;  // allowed (§3.3.1.1)
    if (++members > kMaxMembers || !IsMember(member)) return;
  }
  if (members > 0) context.trace_state.assign(value);
}

}  // namespace spanwire::protocol::http1
