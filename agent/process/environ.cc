// SPDX-License-Identifier: Apache-2.0
#include "agent/process/environ.h"

#include <algorithm>
#include <array>

#include "agent/process/text.h"

namespace spanwire::process {
namespace {

constexpr size_t kMaxName = 255;             // of a service, after cleaning
constexpr size_t kMaxAttributesText = 8192;  // of OTEL_RESOURCE_ATTRIBUTES as it stands
constexpr size_t kMaxAttributes = 64;

// The only variables whose values are looked at, in the order in which they give the service's
// name.
enum Variable : uint8_t {
  kServiceName,
  kResourceAttributes,
  kDatadog,
  kElastic,
  kSplunk,
  kVariables
};
constexpr std::array<std::string_view, kVariables> kNames{
    "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "DD_SERVICE", "ELASTIC_APM_SERVICE_NAME",
    "SPLUNK_SERVICE_NAME"};
using Values = std::array<std::string_view, kVariables>;

// As getenv(): the first entry of a name counts.
Values FindVariables(std::string_view text) {
  Values values;
  while (!text.empty()) {
    const size_t end = text.find('\0');
    if (end == std::string_view::npos) break;
    std::string_view value = text.substr(0, end);
    text.remove_prefix(end + 1);
    const auto* name = std::ranges::find(kNames, TakePart(value, '='));
    if (name == kNames.end()) continue;
    auto& slot = values[static_cast<size_t>(name - kNames.begin())];
    if (slot.empty()) slot = value;
  }
  return values;
}

std::string_view Trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// RFC 3986 section 2.1. Nothing when an escape is broken or the outcome is no clean text.
std::optional<std::string> Decoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = HexDigit(text[i + 1]);
    const auto low = HexDigit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  if (!IsCleanText(decoded)) return std::nullopt;
  return decoded;
}

bool OnlyKernelKnows(std::string_view key) {
  return key.starts_with("process.") || key.starts_with("telemetry.") || key == "container.id";
}

void Put(AttributePairs& attributes, std::string key, std::string value) {
  for (auto& attribute : attributes) {
    if (attribute.first != key) continue;
    attribute.second = std::move(value);
    return;
  }
  attributes.emplace_back(std::move(key), std::move(value));
}

// Puts the attributes that have a field of their own there.
void Distribute(AttributePairs attributes, EnvironFacts& facts) {
  for (auto& [key, value] : attributes) {
    if (key == "service.name") {
      facts.service_name = std::move(value);
    } else if (key == "service.namespace") {
      facts.service_namespace = std::move(value);
    } else if (key == "service.version") {
      facts.service_version = std::move(value);
    } else if (key == "service.instance.id") {
      facts.service_instance_id = std::move(value);
    } else if (!OnlyKernelKnows(key)) {
      facts.attributes.emplace_back(std::move(key), std::move(value));
    }
  }
}

}  // namespace

std::optional<AttributePairs> ParseResourceAttributes(std::string_view text) {
  AttributePairs attributes;
  if (text.size() > kMaxAttributesText) return std::nullopt;
  while (!text.empty()) {
    std::string_view value = TakePart(text, ',');
    if (Trimmed(value).empty()) continue;  // "a=b," is common and means one attribute
    if (value.find('=') == std::string_view::npos) return std::nullopt;
    auto decoded_key = Decoded(Trimmed(TakePart(value, '=')));
    auto decoded_value = Decoded(Trimmed(value));
    if (!decoded_key || decoded_key->empty() || !decoded_value) return std::nullopt;
    Put(attributes, *std::move(decoded_key), *std::move(decoded_value));
    if (attributes.size() > kMaxAttributes) return std::nullopt;
  }
  return attributes;
}

EnvironFacts ReadEnviron(std::string_view text) {
  EnvironFacts facts;
  const Values values = FindVariables(text);
  auto attributes = ParseResourceAttributes(values[kResourceAttributes]);
  facts.attributes_discarded = !attributes;
  if (attributes) Distribute(*std::move(attributes), facts);
  const std::string from_attributes = std::move(facts.service_name);
  const std::array<std::string_view, kVariables> order{
      values[kServiceName], from_attributes, values[kDatadog], values[kElastic], values[kSplunk]};
  const auto* named =
      std::ranges::find_if(order, [](std::string_view name) { return !Trimmed(name).empty(); });
  facts.service_name = named == order.end() ? "" : CleanText(Trimmed(*named), kMaxName);
  return facts;
}

}  // namespace spanwire::process
