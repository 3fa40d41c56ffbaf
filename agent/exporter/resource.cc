// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/resource.h"

#include "agent/exporter/time_text.h"

namespace spanwire::exporter {
namespace {

void SetText(model::AttributeList& attributes, std::string_view key, const std::string& value) {
  if (!value.empty()) attributes.Set(key, value);
}

void SetMissing(model::AttributeList& attributes, std::string_view key, const std::string& value) {
  if (!attributes.Has(key)) SetText(attributes, key, value);
}

void SetService(model::AttributeList& attributes, const model::Process& process) {
  SetText(attributes, "service.name", process.service_name);
  SetText(attributes, "service.namespace", process.service_namespace);
  SetText(attributes, "service.version", process.service_version);
  SetText(attributes, "service.instance.id", process.service_instance_id);
}

void SetProcess(model::AttributeList& attributes, const model::Process& process) {
  attributes.SetInt("process.pid", process.pid);
  if (process.parent_pid != 0) attributes.SetInt("process.parent_pid", process.parent_pid);
  if (process.start_wall_ns != 0) {
    attributes.Set("process.creation.time", FormatRfc3339(process.start_wall_ns));
  }
  SetText(attributes, "process.executable.name", process.executable_name);
  // Of a process that was gone already only the base name is known.
  if (process.executable_path.starts_with('/')) {
    SetText(attributes, "process.executable.path", process.executable_path);
  }
  if (!process.arguments.empty()) {
    SetText(attributes, "process.command", process.arguments.front());
  }
  SetText(attributes, "container.id", process.container_id);
  // No convention names a systemd unit (1.44): a key of our own.
  SetText(attributes, "spanwire.systemd.unit", process.systemd_unit);
}

}  // namespace

model::AttributeList ResourceAttributes(const model::Process& process, const AgentIdentity& agent) {
  model::AttributeList attributes;
  // What the process says of itself comes first, and what the agent saw wins over it.
  for (const auto& [key, value] : process.resource_attributes) {
    if (!key.empty()) attributes.SetDynamic(key, value);
  }
  SetService(attributes, process);
  SetProcess(attributes, process);
  SetMissing(attributes, "host.name", agent.host_name);
  attributes.Set("telemetry.sdk.name", kScopeName);
  attributes.Set("telemetry.sdk.version", agent.version);
  attributes.Set("telemetry.distro.name", kScopeName);
  attributes.Set("telemetry.distro.version", agent.version);
  return attributes;
}

}  // namespace spanwire::exporter
