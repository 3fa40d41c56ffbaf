// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "agent/app/options.h"

namespace spanwire::app {

enum class DoctorStatus : uint8_t { kPass, kWarn, kFail };

// One thing that was tried.
struct DoctorCheck {
  std::string name;  // one short word or two: "btf", "tier 1"
  DoctorStatus status = DoctorStatus::kPass;
  std::string detail;  // what was seen
  std::string fix;     // what to do about it; empty where nothing is wrong
};

// Tries, in processes that are confined as the worker is, to get out; one check an attempt.
void CheckSandbox(std::vector<DoctorCheck>& checks);

// One line a check, its fix below it, and a closing line with the counts.
std::string FormatDoctorText(std::span<const DoctorCheck> checks, bool color);

// {"schema":"spanwire.doctor/1","status":"pass|warn|fail",
//  "checks":[{"name":…,"status":…,"detail":…,"fix":…}]}
// and a line feed; "fix" only where there is one, "status" the worst of all.
std::string FormatDoctorJson(std::span<const DoctorCheck> checks);

// kExitFailed when a check failed; warnings are no failure.
ExitCode DoctorExitCode(std::span<const DoctorCheck> checks);

}  // namespace spanwire::app
