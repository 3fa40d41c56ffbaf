// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "agent/model/attribute.h"
#include "agent/model/process.h"

namespace spanwire::exporter {

// What the agent says about itself and its host with every span.
struct AgentIdentity {
  std::string version;    // "0.1.0"
  std::string host_name;  // empty: not sent
};

inline constexpr std::string_view kScopeName = "spanwire";

// The OpenTelemetry resource of `process` (semantic conventions 1.44, entities service, process,
// container, host). Arguments stay out, they carry secrets: only argv[0] is told.
model::AttributeList ResourceAttributes(const model::Process& process, const AgentIdentity& agent);

}  // namespace spanwire::exporter
