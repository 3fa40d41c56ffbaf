// SPDX-License-Identifier: Apache-2.0
#include "agent/sandbox/file_rules.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "agent/base/unique_fd.h"

namespace spanwire::sandbox {
namespace {

// All rights of the first version (linux/landlock.h); REFER came with the second, TRUNCATE with the
// third.
constexpr uint64_t kFirstRights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
constexpr uint64_t kRefer = uint64_t{1} << 13;
constexpr uint64_t kTruncate = uint64_t{1} << 14;

// Folders are allowed rather than files: what is replaced by renaming (resolv.conf) stays readable.
constexpr std::array kReadable{"/etc",
                               "/usr",
                               "/lib",
                               "/lib64",
                               "/run/systemd/resolve",
                               "/run/resolvconf",
                               "/run/NetworkManager",
                               "/dev/null",
                               "/dev/urandom"};

uint64_t RightsOf(int version) {
  uint64_t rights = kFirstRights;
  if (version >= 2) rights |= kRefer;
  if (version >= 3) rights |= kTruncate;
  return rights;
}

// A path that is not there needs no rule.
void AllowReading(int rules, const char* path) {
  const UniqueFd place(open(path, O_PATH | O_CLOEXEC));
  if (!place) return;
  landlock_path_beneath_attr rule{};
  rule.parent_fd = place.get();
  rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
  if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0) return;
  rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;  // it is no folder
  syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

}  // namespace

int FileRulesVersion() {
  const auto version =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return static_cast<int>(std::max(version, decltype(version){0}));
}

Result<> RestrictFiles() {
  const int version = FileRulesVersion();
  if (version == 0) return {};
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = RightsOf(version);
  const UniqueFd rules(
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0)));
  if (!rules) return ErrnoError("cannot make file rules", errno);
  for (const char* path : kReadable) AllowReading(rules.get(), path);
  if (syscall(SYS_landlock_restrict_self, rules.get(), 0) != 0) {
    return ErrnoError("cannot apply file rules", errno);
  }
  return {};
}

}  // namespace spanwire::sandbox
