// SPDX-License-Identifier: Apache-2.0
#include "agent/app/doctor_report.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace spanwire::app {
namespace {

const std::vector<DoctorCheck> kMixed{
    {"btf", DoctorStatus::kPass, "/sys/kernel/btf/vmlinux, 5 MiB", ""},
    {"tier 1", DoctorStatus::kWarn, "not in Linux 6.1", "none needed: tier 2 works"},
    {"capabilities", DoctorStatus::kFail, "CAP_BPF is missing", "sudo, or setcap"}};

TEST(FormatDoctorText, IsAligned) {
  EXPECT_EQ(FormatDoctorText(kMixed, false),
            "PASS  btf           /sys/kernel/btf/vmlinux, 5 MiB\n"
            "WARN  tier 1        not in Linux 6.1\n"
            "                    fix: none needed: tier 2 works\n"
            "FAIL  capabilities  CAP_BPF is missing\n"
            "                    fix: sudo, or setcap\n"
            "\n"
            "1 passed, 1 warning, 1 failed\n");
}

TEST(FormatDoctorText, ColoursOnlyTheStatus) {
  const std::vector<DoctorCheck> checks{kMixed.front()};
  EXPECT_EQ(FormatDoctorText(checks, true),
            "\x1b[32mPASS\x1b[0m  btf  /sys/kernel/btf/vmlinux, 5 MiB\n"
            "\n"
            "1 passed, 0 warnings, 0 failed\n");
}

TEST(FormatDoctorText, NothingDrivesTheTerminal) {
  const std::vector<DoctorCheck> checks{{"a", DoctorStatus::kPass, "x\x1b[2J\ny", ""}};
  EXPECT_EQ(FormatDoctorText(checks, false),
            "PASS  a  x [2J\n"
            "         y\n"
            "\n"
            "1 passed, 0 warnings, 0 failed\n");
}

TEST(FormatDoctorJson, HasSchemaStatusAndChecks) {
  EXPECT_EQ(FormatDoctorJson(std::vector<DoctorCheck>(kMixed.begin(), kMixed.begin() + 2)),
            R"({
  "schema": "spanwire.doctor/1",
  "status": "warn",
  "checks": [
    {
      "name": "btf",
      "status": "pass",
      "detail": "/sys/kernel/btf/vmlinux, 5 MiB"
    },
    {
      "name": "tier 1",
      "status": "warn",
      "detail": "not in Linux 6.1",
      "fix": "none needed: tier 2 works"
    }
  ]
}
)");
}

TEST(FormatDoctorJson, SurvivesInvalidText) {
  const std::vector<DoctorCheck> checks{{"a", DoctorStatus::kPass, "x\xff", ""}};
  EXPECT_NE(FormatDoctorJson(checks).find("x\uFFFD"), std::string::npos);
}

TEST(DoctorExitCode, OnlyFailuresFail) {
  EXPECT_EQ(DoctorExitCode({}), kExitOk);
  EXPECT_EQ(DoctorExitCode(std::vector<DoctorCheck>(kMixed.begin(), kMixed.begin() + 2)), kExitOk);
  EXPECT_EQ(DoctorExitCode(kMixed), kExitFailed);
}

}  // namespace
}  // namespace spanwire::app
