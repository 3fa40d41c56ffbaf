// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "agent/base/time.h"

namespace spanwire::model {

// What the kernel said about a process when it first touched a socket (struct spanwire_process).
// All that is known of one that died before user space could look.
struct KernelProcess {
  uint32_t pid = 0;
  uint32_t parent_pid = 0;
  uint32_t uid = 0;
  uint64_t start_ns = 0;  // CLOCK_BOOTTIME
  uint64_t cgroup_id = 0;
  uint64_t args_address = 0;  // of its arguments; 0 = unknown
  std::string comm;
  std::string executable;              // base name
  std::string cgroup;                  // directory name of the cgroup
  std::string cgroup_parent;           // of the one above
  std::vector<std::string> arguments;  // may be cut
};

// One process, resolved: the source of an OpenTelemetry resource. A new program in the same pid
// (exec) or a reused pid is a new Process.
struct Process {
  uint32_t pid = 0;
  uint32_t parent_pid = 0;
  uint32_t uid = 0;
  uint64_t start_ns = 0;       // CLOCK_BOOTTIME; with pid the identity
  uint64_t start_wall_ns = 0;  // UNIX epoch; 0 = unknown
  std::string comm;
  std::string executable_path;  // may be only the base name
  std::string executable_name;
  std::vector<std::string> arguments;
  std::string container_id;  // 64 hex digits, or empty
  std::string systemd_unit;  // "nginx.service", or empty
  std::string service_name;  // never empty
  std::string service_namespace;
  std::string service_version;
  std::string service_instance_id;
  // Other attributes of the process's own OTEL_RESOURCE_ATTRIBUTES.
  std::vector<std::pair<std::string, std::string>> resource_attributes;
};

// Turns what the kernel said into what a person wants to know.
class ProcessResolver {
 public:
  virtual ~ProcessResolver() = default;
  virtual Process Resolve(const KernelProcess& process) = 0;
};

}  // namespace spanwire::model
