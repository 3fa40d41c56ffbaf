// SPDX-License-Identifier: Apache-2.0
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "agent/app/capabilities.h"
#include "agent/app/color.h"
#include "agent/app/doctor_report.h"
#include "agent/app/live.h"
#include "agent/capture/kernel_features.h"
#include "agent/capture/kernel_tracer.h"
#include "agent/capture/ring_reader.h"
#include "agent/capture/uprobe_check.h"

namespace spanwire::app {
namespace {

using capture::KernelTracer;
using capture::Tier;
using enum DoctorStatus;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

DoctorCheck CheckKernel() {
  utsname name{};
  uname(&name);
  return {"kernel", kPass, std::string("Linux ") + name.release + " " + name.machine, ""};
}

DoctorCheck CheckBtf(const capture::KernelFeatures& features) {
  if (features.has_btf()) return {"btf", kPass, "/sys/kernel/btf/vmlinux is readable", ""};
  return {"btf", kFail, "no /sys/kernel/btf/vmlinux: types of this kernel are unknown",
          "run a kernel with CONFIG_DEBUG_INFO_BTF=y (Debian's have it)"};
}

DoctorCheck CheckCapabilities() {
  std::string missing;
  bool fatal = false;
  for (const auto& capability : MissingCapabilities(EffectiveCapabilities())) {
    if (!missing.empty()) missing += ", ";
    missing.append(capability.name).append(" (to ").append(capability.purpose).append(")");
    fatal = fatal || capability.required;
  }
  if (missing.empty()) return {"capabilities", kPass, "all that tracing needs", ""};
  return {"capabilities", fatal ? kFail : kWarn, "missing: " + missing,
          "run as root, or give the service AmbientCapabilities=CAP_BPF CAP_PERFMON "
          "CAP_SYS_PTRACE CAP_DAC_READ_SEARCH"};
}

DoctorCheck CheckLockdown() {
  const std::string text = ReadFile("/sys/kernel/security/lockdown");
  const size_t open = text.find('[');
  const std::string mode = open == std::string::npos
                               ? "unknown (securityfs is not mounted)"
                               : text.substr(open + 1, text.find(']') - open - 1);
  if (mode != "confidentiality") return {"lockdown", kPass, mode, ""};
  return {"lockdown", kFail, "confidentiality: kernel memory cannot be read by BPF",
          "boot with lockdown=integrity"};
}

// The tiers are tried one by one; only that none works is a failure.
void CheckTiers(std::vector<DoctorCheck>& checks) {
  bool any = false;
  for (Tier tier : {Tier::kSocketTracepoints, Tier::kFunctionExits, Tier::kSystemCalls}) {
    capture::KernelOptions options;
    options.ring_bytes = 64u << 10;
    auto tracer = KernelTracer::StartTier(tier, options);
    DoctorCheck check;
    check.name = "tier " + std::to_string(static_cast<int>(tier));
    check.detail = std::string(capture::TierName(tier));
    if (tracer) {
      check.detail += any ? ": works too" : ": works, and is the one used";
      any = true;
    } else {
      check.status = any ? kPass : kWarn;
      check.detail += ": not on this kernel (" + tracer.error().message + ")";
    }
    checks.push_back(std::move(check));
  }
  if (any) return;
  checks.push_back({"tracing", kFail, "none of the ways to trace works",
                    "see the checks above; Linux 5.10 or later with BTF and root is needed"});
}

DoctorCheck CheckRing(const Options& options) {
  capture::KernelOptions kernel;
  kernel.ring_bytes = options.capture.ring_size_bytes;
  auto tracer = KernelTracer::Start(kernel);
  if (!tracer) {
    return {"ring buffer", kFail, tracer.error().message,
            "raise the memory lock limit (LimitMEMLOCK=infinity) or lower --ring-size"};
  }
  auto reader = capture::RingReader::Map((*tracer)->ring_fd(), (*tracer)->ring_bytes());
  if (!reader) return {"ring buffer", kFail, reader.error().message, "lower --ring-size"};
  return {"ring buffer", kPass, std::to_string(kernel.ring_bytes >> 10) + " KiB, mapped", ""};
}

DoctorCheck CheckTracefs() {
  if (access("/sys/kernel/tracing/events", R_OK) == 0) {
    return {"tracefs", kPass, "/sys/kernel/tracing is readable (not needed yet)", ""};
  }
  return {"tracefs", kPass, "not mounted (not needed)", ""};
}

DoctorCheck CheckCgroup(const Options& options) {
  const std::string text = ReadFile(options.capture.root_path + "/proc/1/cgroup");
  if (text.empty()) {
    return {"cgroup", kWarn, "cannot read the cgroup of process 1",
            "without it containers and units have no names: give CAP_SYS_PTRACE, mount /proc"};
  }
  const bool unified = text.find("0::") != std::string::npos;
  const bool legacy = text.find('\n') != std::string::npos;
  return {"cgroup", kPass, unified ? (legacy ? "v1 and v2 (hybrid)" : "v2") : "v1", ""};
}

DoctorCheck CheckUprobes() {
  const auto multi = capture::TryUprobeMulti();
  if (multi) return {"uprobes", kPass, "uprobe_multi links work", ""};
  const auto perf = capture::TryPerfUprobe();
  if (perf) return {"uprobes", kPass, "perf uprobes work", ""};
  return {"uprobes", kWarn,
          "uprobe_multi: " + multi.error().message + "; perf: " + perf.error().message +
              " (TLS tracing will need one of them)",
          "run Linux 6.6 or later, or add CAP_SYS_ADMIN"};
}

}  // namespace

ExitCode RunDoctor(const Options& options) {
  const auto features = capture::KernelFeatures::Detect();
  std::vector<DoctorCheck> checks{CheckKernel(), CheckBtf(features), CheckCapabilities(),
                                  CheckLockdown()};
  CheckTiers(checks);
  checks.push_back(CheckRing(options));
  checks.push_back({"fentry", kPass,
                    features.fentry ? "allowed" : "refused (not needed on Linux 6.3 and later)",
                    ""});
  checks.push_back(CheckUprobes());
  checks.push_back(CheckTracefs());
  checks.push_back(CheckCgroup(options));
  CheckSandbox(checks);
  const auto environment = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());  // NOLINT: no thread sets the environment
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
  const bool json = options.output.format == OutputFormat::kJson;
  const bool color = ColorWanted(options.output.color, isatty(STDOUT_FILENO) == 1, environment);
  const std::string text = json ? FormatDoctorJson(checks) : FormatDoctorText(checks, color);
  std::fputs(text.c_str(), stdout);
  return DoctorExitCode(checks);
}

}  // namespace spanwire::app
