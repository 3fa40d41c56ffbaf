// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/propagation.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>

#include "agent/protocol/http1/chars.h"

namespace spanwire::protocol::http1 {
namespace {

constexpr uint8_t kSampled = 1;

using FieldPointer = std::string_view PropagationFields::*;
struct Known {
  std::string_view name;  // lower case
  FieldPointer field;
};
constexpr std::array<Known, 13> kKnown{{
    {"b3", &PropagationFields::b3},
    {"x-b3-flags", &PropagationFields::b3_flags},
    {"x-b3-spanid", &PropagationFields::b3_span_id},
    {"x-b3-traceid", &PropagationFields::b3_trace_id},
    {"x-b3-sampled", &PropagationFields::b3_sampled},
    {"x-request-id", &PropagationFields::request_id},
    {"uber-trace-id", &PropagationFields::jaeger},
    {"x-datadog-tags", &PropagationFields::datadog_tags},
    {"x-amzn-trace-id", &PropagationFields::xray},
    {"x-correlation-id", &PropagationFields::request_id},
    {"x-datadog-trace-id", &PropagationFields::datadog_trace_id},
    {"x-datadog-parent-id", &PropagationFields::datadog_parent_id},
    {"x-datadog-sampling-priority", &PropagationFields::datadog_priority},
}};

// Hexadecimal digits in any case, up to two a byte; fewer stand for the lower end.
bool DecodeHex(std::string_view text, std::span<uint8_t> bytes) {
  std::ranges::fill(bytes, uint8_t{0});
  if (text.empty() || text.size() > 2 * bytes.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const int value = HexValue(text[text.size() - 1 - i]);
    if (value < 0) return false;
    bytes[bytes.size() - 1 - i / 2] |= static_cast<uint8_t>(i % 2 == 0 ? value : value << 4);
  }
  return std::ranges::any_of(bytes, [](uint8_t byte) { return byte != 0; });
}

bool DecodeDecimal(std::string_view text, std::span<uint8_t> bytes) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0) return false;
  for (size_t i = 0; i < 8; ++i) {
    bytes[bytes.size() - 1 - i] = static_cast<uint8_t>(value >> (8 * i));
  }
  return true;
}

// The part of `text` before `separator`, which is taken off with it.
std::string_view Cut(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

bool IsTrue(std::string_view text) { return text == "1" || EqualsLower(text, "true"); }

// Both ids in hexadecimal, of the sizes that B3 asks for.
bool DecodeB3(std::string_view trace, std::string_view span, model::TraceContext& context) {
  return (trace.size() == 16 || trace.size() == 32) && span.size() == 16 &&
         DecodeHex(trace, context.trace_id) && DecodeHex(span, context.span_id);
}

bool ParseB3Single(std::string_view value, model::TraceContext& context) {
  const std::string_view trace = Cut(value, '-');
  const std::string_view span = Cut(value, '-');
  const std::string_view sampled = Cut(value, '-');
  context.flags = sampled == "0" ? 0 : kSampled;
  return DecodeB3(trace, span, context);
}

bool ParseB3Multi(const PropagationFields& fields, model::TraceContext& context) {
  const bool denied = !fields.b3_sampled.empty() && !IsTrue(fields.b3_sampled);
  context.flags = denied && fields.b3_flags != "1" ? 0 : kSampled;
  return DecodeB3(fields.b3_trace_id, fields.b3_span_id, context);
}

bool ParseDatadog(const PropagationFields& fields, model::TraceContext& context) {
  context.trace_id = {};
  if (!DecodeDecimal(fields.datadog_trace_id, context.trace_id)) return false;
  if (!DecodeDecimal(fields.datadog_parent_id, context.span_id)) return false;
  constexpr std::string_view kUpper = "_dd.p.tid=";
  for (std::string_view tags = fields.datadog_tags; !tags.empty();) {
    const std::string_view tag = TrimBlank(Cut(tags, ','));
    if (tag.starts_with(kUpper)) {
      DecodeHex(tag.substr(kUpper.size()), std::span(context.trace_id).first(8));
    }
  }
  const std::string_view priority = fields.datadog_priority;
  context.flags = priority == "0" || priority.starts_with('-') ? 0 : kSampled;
  return true;
}

bool ParseJaeger(std::string_view value, model::TraceContext& context) {
  const std::string_view trace = Cut(value, ':');
  const std::string_view span = Cut(value, ':');
  Cut(value, ':');
  std::array<uint8_t, 1> flags{};
  if (!DecodeHex(value, flags)) flags[0] = 0;
  context.flags = flags[0] & kSampled;
  return DecodeHex(trace, context.trace_id) && DecodeHex(span, context.span_id);
}

bool ParseXRay(std::string_view value, model::TraceContext& context) {
  bool has_trace = false;
  bool has_span = false;
  context.flags = kSampled;
  while (!value.empty()) {
    std::string_view pair = TrimBlank(Cut(value, ';'));
    const std::string_view key = Cut(pair, '=');
    if (key == "Root" && pair.size() == 35 && pair.starts_with("1-") && pair[10] == '-') {
      std::array<char, 32> digits{};
      std::ranges::copy(pair.substr(2, 8), digits.begin());
      std::ranges::copy(pair.substr(11), digits.begin() + 8);
      has_trace = DecodeHex({digits.data(), digits.size()}, context.trace_id);
    } else if (key == "Parent") {
      has_span = pair.size() == 16 && DecodeHex(pair, context.span_id);
    } else if (key == "Sampled" && pair == "0") {
      context.flags = 0;
    }
  }
  return has_trace && has_span;
}

}  // namespace

void TakePropagation(std::string_view name, std::string_view value, PropagationFields& fields) {
  for (const Known& known : kKnown) {
    if (!EqualsLower(name, known.name)) continue;
    std::string_view& field = fields.*known.field;
    if (field.empty()) field = value;
    return;
  }
}

void ParsePropagation(const PropagationFields& fields, model::TraceContext& context) {
  context.valid = true;
  context.source = "b3";
  if (!fields.b3.empty() && ParseB3Single(fields.b3, context)) return;
  if (!fields.b3_trace_id.empty() && ParseB3Multi(fields, context)) return;
  context.source = "datadog";
  if (!fields.datadog_trace_id.empty() && ParseDatadog(fields, context)) return;
  context.source = "jaeger";
  if (!fields.jaeger.empty() && ParseJaeger(fields.jaeger, context)) return;
  context.source = "xray";
  if (!fields.xray.empty() && ParseXRay(fields.xray, context)) return;
  context.valid = false;
}

}  // namespace spanwire::protocol::http1
