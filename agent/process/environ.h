// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spanwire::process {

// What a process says about itself in its environment. Nothing else of the environment is ever
// kept.
struct EnvironFacts {
  // The first that is set of OTEL_SERVICE_NAME, service.name of OTEL_RESOURCE_ATTRIBUTES,
  // DD_SERVICE, ELASTIC_APM_SERVICE_NAME, SPLUNK_SERVICE_NAME.
  std::string service_name;
  std::string service_namespace;
  std::string service_version;
  std::string service_instance_id;
  // The other OTEL_RESOURCE_ATTRIBUTES in order, without those that only the kernel can know
  // (process.*, container.id, telemetry.*).
  std::vector<std::pair<std::string, std::string>> attributes;
  // OTEL_RESOURCE_ATTRIBUTES was set but broken, so nothing of it was taken.
  bool attributes_discarded = false;
};

// Reads the text of /proc/PID/environ: "NAME=value" entries, each ended by a NUL. Whatever it
// holds, the result stays below 16 KiB. An entry that the end cuts off is not taken.
EnvironFacts ReadEnviron(std::string_view text);

using AttributePairs = std::vector<std::pair<std::string, std::string>>;

// Takes OTEL_RESOURCE_ATTRIBUTES apart: "key=value,key=value", percent-encoded; of a repeated key
// the last counts. Nothing at any error, as the specification of the resource SDK wants it: an
// entry without key or '=', a bad escape, text that is not UTF-8 or has control characters, too
// much of anything.
std::optional<AttributePairs> ParseResourceAttributes(std::string_view text);

}  // namespace spanwire::process
