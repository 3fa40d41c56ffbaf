// SPDX-License-Identifier: Apache-2.0
#include "agent/app/capabilities.h"

#include <gtest/gtest.h>
#include <linux/capability.h>

namespace spanwire::app {
namespace {

constexpr uint64_t Bit(unsigned capability) { return uint64_t{1} << capability; }
constexpr uint64_t kNeeded = Bit(CAP_BPF) | Bit(CAP_PERFMON);

TEST(MissingCapabilities, ListsWhatIsNotThere) {
  EXPECT_EQ(MissingCapabilities(~uint64_t{0}).size(), 0);
  EXPECT_EQ(MissingCapabilities(0).size(), 4);
  const auto missing = MissingCapabilities(kNeeded | Bit(CAP_SYS_PTRACE));
  ASSERT_EQ(missing.size(), 1);
  EXPECT_EQ(missing[0].name, "CAP_DAC_READ_SEARCH");
  EXPECT_FALSE(missing[0].required);
}

TEST(PermissionAdvice, NamesTheRequiredOnes) {
  EXPECT_EQ(PermissionAdvice(Bit(CAP_BPF), "/usr/bin/spanwire"),
            "missing CAP_PERFMON: run it with sudo, or grant them once with `sudo setcap "
            "cap_bpf,cap_perfmon,cap_sys_ptrace,cap_dac_read_search=ep /usr/bin/spanwire`");
  EXPECT_EQ(PermissionAdvice(0, "x").substr(0, 29), "missing CAP_BPF, CAP_PERFMON:");
}

TEST(PermissionAdvice, IsSilentWhenNothingRequiredIsMissing) {
  EXPECT_EQ(PermissionAdvice(kNeeded, "x"), "");
}

}  // namespace
}  // namespace spanwire::app
