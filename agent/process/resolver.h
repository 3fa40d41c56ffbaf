// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "agent/base/result.h"
#include "agent/model/process.h"
#include "agent/process/host.h"
#include "agent/process/proc_directory.h"

namespace spanwire::process {

// How often what happened; for the self-metrics.
struct ResolverCounts {
  uint64_t resolved = 0;     // all calls
  uint64_t kernel_only = 0;  // gone, replaced or unreadable: only the kernel's facts were used
  uint64_t environ_unreadable = 0;    // found, but its environment is closed to us
  uint64_t attributes_discarded = 0;  // OTEL_RESOURCE_ATTRIBUTES was broken
};

// Looks processes up in /proc and names the service that each belongs to (service_name.h). What
// /proc says counts only for the process that the kernel spoke of: same pid, same start, same
// executable. Otherwise the kernel's own facts must do. Of a process' environment only the
// variables that environ.h lists are ever kept.
//
// One thread. A call opens about five small files and reads at most 80 KiB; nothing is cached.
class ProcResolver final : public model::ProcessResolver {
 public:
  // `root_path` is the root directory of the host that is traced: "/", or where a container has it
  // mounted. It needs a proc file system in it.
  static Result<std::unique_ptr<ProcResolver>> Open(const std::string& root_path);

  model::Process Resolve(const model::KernelProcess& kernel) override;

  // The same, but nothing when /proc does not have it.
  std::optional<model::Process> FindAlive(const model::KernelProcess& kernel);

  const ResolverCounts& counts() const { return counts_; }

 private:
  ProcResolver(Directory root, Directory proc, HostFacts host);

  // What /proc says about this very process; nothing when it is gone or another one by now.
  std::optional<model::Process> Look(const model::KernelProcess& kernel);
  // Whether `directory` is that of the process that the kernel spoke of: its start, and the place
  // of its arguments, as far as both are known.
  bool IsSame(const Directory& directory, const model::KernelProcess& kernel) const;
  void ReadEnvironment(const Directory& directory, model::Process& process);
  void NameService(model::Process& process) const;

  Directory root_;
  Directory proc_;
  HostFacts host_;
  uint64_t tick_ns_;  // length of a clock tick of /proc/PID/stat
  ResolverCounts counts_;
};

// What the kernel's own facts give, for who cannot ask /proc. It has no instance id.
model::Process NameByKernel(const model::KernelProcess& kernel);

}  // namespace spanwire::process
