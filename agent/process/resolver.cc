// SPDX-License-Identifier: Apache-2.0
#include "agent/process/resolver.h"

#include <unistd.h>

#include <string_view>
#include <utility>
#include <vector>

#include "agent/process/cgroup.h"
#include "agent/process/container_name.h"
#include "agent/process/environ.h"
#include "agent/process/service_name.h"
#include "agent/process/text.h"
#include "spanwire/abi.h"

namespace spanwire::process {
namespace {

constexpr size_t kMaxStat = 4096;
constexpr size_t kMaxCmdline = 4096;
constexpr size_t kMaxEnviron = size_t{64} << 10;
constexpr size_t kMaxCgroup = 8192;
constexpr size_t kMaxArguments = 128;
constexpr size_t kMaxPath = 4096;
constexpr size_t kMaxKernelName = SPANWIRE_NAME - 1;
constexpr std::string_view kDeleted = " (deleted)";
constexpr uint64_t kNanosecondsPerSecond = 1'000'000'000;

void SetExecutable(model::Process& process, std::string_view path) {
  process.executable_path = CleanText(path, kMaxPath);
  process.executable_name = CleanText(BaseName(path), kMaxPath);
}

// The kernel copies a fixed part of the arguments: what reaches its end is only half an argument.
std::vector<std::string> WholeArguments(const model::KernelProcess& kernel) {
  std::vector<std::string> whole;
  size_t copied = 0;
  for (const auto& argument : kernel.arguments) {
    copied += argument.size() + 1;
    if (copied < SPANWIRE_ARGS) whole.push_back(CleanText(argument, SPANWIRE_ARGS));
  }
  return whole;
}

void SetCgroup(model::Process& process, CgroupFacts facts) {
  process.container_id = std::move(facts.container_id);
  process.systemd_unit = std::move(facts.systemd_unit);
}

model::Process FromKernel(const model::KernelProcess& kernel) {
  model::Process process;
  process.pid = kernel.pid;
  process.parent_pid = kernel.parent_pid;
  process.uid = kernel.uid;
  process.start_ns = kernel.start_ns;
  process.comm = CleanText(kernel.comm, SPANWIRE_COMM);
  SetExecutable(process, kernel.executable);
  process.arguments = WholeArguments(kernel);
  SetCgroup(process, ReadCgroupNames(kernel.cgroup_parent, kernel.cgroup));
  return process;
}

// The target of /proc/PID/exe without the mark of a file that was deleted or replaced.
std::string ExecutableOf(const Directory& directory, std::string_view kernel_name) {
  std::string path = directory.ReadLink("exe");
  const bool marked = path.ends_with(kDeleted) && BaseName(path) != kernel_name;
  if (marked) path.resize(path.size() - kDeleted.size());
  return path;
}

// Whether the kernel spoke of the program that `path` is. Either may be unknown, and the kernel's
// name is cut when it is long.
bool IsProgram(std::string_view path, std::string_view kernel_name) {
  if (path.empty() || kernel_name.empty()) return true;
  const std::string_view name = BaseName(path);
  if (kernel_name.size() >= kMaxKernelName) return name.starts_with(kernel_name);
  return name == kernel_name;
}

std::vector<std::string> SplitCmdline(const FileText& file) {
  std::string_view text = file.text;
  while (text.ends_with('\0')) text.remove_suffix(1);  // setproctitle(3) fills up with them
  const bool half = file.cut && text.size() == file.text.size();
  std::vector<std::string> arguments;
  while (!text.empty() && arguments.size() < kMaxArguments) {
    const bool last = text.find('\0') == std::string_view::npos;
    const std::string_view argument = TakePart(text, '\0');
    if (!(last && half)) arguments.push_back(CleanText(argument, kMaxCmdline));
  }
  return arguments;
}

// Fields of /proc/PID/stat (proc(5)): the start in clock ticks since boot, and where the arguments
// lie (0 for those who may not know).
constexpr int kStartTicks = 22;
constexpr int kArgumentsAddress = 48;

// Field 2, the name, is in parentheses and may hold anything, so the fields are counted from its
// end.
std::optional<uint64_t> StatField(std::string_view stat, int field) {
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  stat.remove_prefix(name_end + 1);
  for (int i = 2; i < field; ++i) TakePart(stat, ' ');
  return ParseDecimal(TakePart(stat, ' '));
}

}  // namespace

Result<std::unique_ptr<ProcResolver>> ProcResolver::Open(const std::string& root_path) {
  auto root = Directory::Open(root_path);
  if (!root) return root.error();
  auto proc = root->Enter("proc");
  if (!proc || !proc->Read("stat", kMaxStat).read) {
    return Error{root_path + " has no /proc: mount it there, or name the host's root directory"};
  }
  HostFacts host = ReadHostFacts(*root);
  return std::unique_ptr<ProcResolver>(
      new ProcResolver(std::move(*root), *std::move(proc), std::move(host)));
}

ProcResolver::ProcResolver(Directory root, Directory proc, HostFacts host)
    : root_(std::move(root)),
      proc_(std::move(proc)),
      host_(std::move(host)),
      tick_ns_(kNanosecondsPerSecond / static_cast<uint64_t>(sysconf(_SC_CLK_TCK))) {}

model::Process ProcResolver::Resolve(const model::KernelProcess& kernel) {
  ++counts_.resolved;
  auto process = Look(kernel);
  if (!process) {
    ++counts_.kernel_only;
    process = FromKernel(kernel);
  }
  NameService(*process);
  return *std::move(process);
}

std::optional<model::Process> ProcResolver::FindAlive(const model::KernelProcess& kernel) {
  auto process = Look(kernel);
  if (process) NameService(*process);
  return process;
}

bool ProcResolver::IsSame(const Directory& directory, const model::KernelProcess& kernel) const {
  const FileText stat = directory.Read("stat", kMaxStat);
  const auto ticks = StatField(stat.text, kStartTicks);
  if (!ticks || (kernel.start_ns != 0 && *ticks != kernel.start_ns / tick_ns_)) return false;
  // A tick is long enough for a pid to be used twice; the place of the arguments is random.
  const uint64_t address = StatField(stat.text, kArgumentsAddress).value_or(0);
  return address == 0 || kernel.args_address == 0 || address == kernel.args_address;
}

std::optional<model::Process> ProcResolver::Look(const model::KernelProcess& kernel) {
  if (kernel.pid == 0) return std::nullopt;
  const auto directory = proc_.Enter(std::to_string(kernel.pid));
  if (!directory || !IsSame(*directory, kernel)) return std::nullopt;
  const std::string executable = ExecutableOf(*directory, kernel.executable);
  if (!IsProgram(executable, kernel.executable)) return std::nullopt;

  model::Process process = FromKernel(kernel);
  if (!executable.empty()) SetExecutable(process, executable);
  auto arguments = SplitCmdline(directory->Read("cmdline", kMaxCmdline));
  if (!arguments.empty()) process.arguments = std::move(arguments);
  SetCgroup(process, ReadCgroupFile(directory->Read("cgroup", kMaxCgroup).text));
  ReadEnvironment(*directory, process);
  // It may have become another program meanwhile; what was read is then a mixture of both.
  if (ExecutableOf(*directory, kernel.executable) != executable) return std::nullopt;
  if (!IsSame(*directory, kernel)) return std::nullopt;
  return process;
}

void ProcResolver::ReadEnvironment(const Directory& directory, model::Process& process) {
  const FileText file = directory.Read("environ", kMaxEnviron);
  if (!file.read) ++counts_.environ_unreadable;
  EnvironFacts facts = ReadEnviron(file.text);
  if (facts.attributes_discarded) ++counts_.attributes_discarded;
  process.service_name = std::move(facts.service_name);
  process.service_namespace = std::move(facts.service_namespace);
  process.service_version = std::move(facts.service_version);
  process.service_instance_id = std::move(facts.service_instance_id);
  process.resource_attributes = std::move(facts.attributes);
}

void ProcResolver::NameService(model::Process& process) const {
  if (process.service_name.empty()) {
    process.service_name =
        ChooseServiceName(process, FindContainerName(root_, process.container_id));
  }
  if (process.service_instance_id.empty()) {
    process.service_instance_id = MakeInstanceId(host_, process.pid, process.start_ns);
  }
  const bool dated = process.start_ns != 0 && host_.boot_wall_ns != 0;
  if (dated) process.start_wall_ns = host_.boot_wall_ns + process.start_ns;
}

model::Process NameByKernel(const model::KernelProcess& kernel) {
  model::Process process = FromKernel(kernel);
  process.service_name = ChooseServiceName(process, {});
  return process;
}

}  // namespace spanwire::process
