// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "agent/app/doctor_report.h"
#include "agent/app/live.h"
#include "agent/door/channel.h"
#include "agent/keeper/worker_process.h"
#include "agent/sandbox/confine.h"
#include "agent/sandbox/file_rules.h"
#include "agent/sandbox/probes.h"

namespace spanwire::app {
namespace {

using enum DoctorStatus;

// How the process that made the attempt `index` ended.
Result<keeper::WorkerEnd> Attempt(size_t index) {
  auto ends = door::Channel::MakePair();
  if (!ends) return ends.error();
  auto process = keeper::WorkerProcess::Start({std::string(kProbeWord), std::to_string(index)},
                                              std::move(ends->second));
  if (!process) return process.error();
  const auto end = process->Wait();
  if (!end) return Error{"it was lost", 0};
  return *end;
}

DoctorCheck Judge(const sandbox::Probe& probe, const Result<keeper::WorkerEnd>& end) {
  const std::string name = "worker " + std::string(probe.name);
  const std::string what(probe.what);
  const std::string not_tried = "could not be tried: ";
  if (!end) return {name, kFail, not_tried + end.error().message, "free memory and processes"};
  if (end->signal == SIGSYS) return {name, kPass, "cannot " + what + ": it is ended at once", ""};
  if (end->signal == 0 && end->exit_code == kProbeRefused) {
    return {name, kPass, "cannot " + what + ": refused", ""};
  }
  if (end->signal != 0 || end->exit_code != kProbeEscaped) {
    return {name, kFail, not_tried + "the attempt ended " + keeper::Describe(*end),
            "run as root, or as a user of its own with the capabilities above"};
  }
  return {name, probe.needs_file_rules && sandbox::FileRulesVersion() == 0 ? kWarn : kFail,
          "can " + what,
          probe.needs_file_rules ? "run Linux 5.13 or later with Landlock, or start it as root"
                                 : "report this: the worker must not be able to do that"};
}

DoctorCheck CheckIdentity() {
  const auto who = sandbox::UnprivilegedIdentity();
  const std::string user = "user " + std::to_string(who.uid);
  return {"worker user", kPass,
          user + ", unless spanwire is started as another user than root; file rules " +
              (sandbox::FileRulesVersion() > 0 ? "by Landlock" : "by system calls alone"),
          ""};
}

}  // namespace

void CheckSandbox(std::vector<DoctorCheck>& checks) {
  checks.push_back(CheckIdentity());
  const auto probes = sandbox::Probes();
  for (size_t i = 0; i < probes.size(); ++i) checks.push_back(Judge(probes[i], Attempt(i)));
}

}  // namespace spanwire::app
