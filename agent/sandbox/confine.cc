// SPDX-License-Identifier: Apache-2.0
#include "agent/sandbox/confine.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "agent/sandbox/capabilities.h"
#include "agent/sandbox/file_rules.h"
#include "agent/sandbox/filter.h"

namespace spanwire::sandbox {
namespace {

constexpr Identity kNobody{65534, 65534};

bool Has(int capability) { return (EffectiveCapabilities() >> capability & 1) != 0; }

// An empty folder in place of /proc, for this process alone: where there is no Landlock.
Result<> HideProc() {
  if (FileRulesVersion() > 0 || !Has(CAP_SYS_ADMIN)) return {};
  constexpr auto kFlags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("none", "/proc", "tmpfs", kFlags, "size=4k,mode=0555") != 0) {
    return ErrnoError("cannot hide /proc", errno);
  }
  return {};
}

Result<> BecomeUnprivileged() {
  if (geteuid() != 0 && !Has(CAP_SETUID)) return {};
  const Identity who = UnprivilegedIdentity();
  if (setgroups(0, nullptr) != 0 || setresgid(who.gid, who.gid, who.gid) != 0 ||
      setresuid(who.uid, who.uid, who.uid) != 0) {
    return ErrnoError("cannot become the user " + std::to_string(who.uid), errno);
  }
  return {};
}

// A service manager that sees to it may forbid the call.
bool ForbidCores() {
  const rlimit none{0, 0};
  rlimit now{};
  if (getrlimit(RLIMIT_CORE, &now) == 0 && now.rlim_max == 0) return true;
  return setrlimit(RLIMIT_CORE, &none) == 0;
}

// A change of user resets both flags, so this comes after it.
Result<> BecomeUnreadable(pid_t parent) {
  if (!ForbidCores() || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return ErrnoError("cannot forbid core dumps", errno);
  }
  if (parent == 0) return {};
  if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0) {
    return ErrnoError("cannot follow the keeper into death", errno);
  }
  if (getppid() != parent) return Error{"the keeper is gone", 0};
  return {};
}

Result<> RefuseNewPrivileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) return {};
  return ErrnoError("cannot refuse new privileges", errno);
}

}  // namespace

Identity UnprivilegedIdentity() {
  std::array<char, 4096> room{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwnam_r("spanwire", &entry, room.data(), room.size(), &found) != 0 || !found ||
      found->pw_uid == 0) {
    return kNobody;
  }
  return {found->pw_uid, found->pw_gid};
}

Result<> Confine(const ConfineOptions& options) {
  SPANWIRE_RETURN_IF_ERROR(HideProc());
  SPANWIRE_RETURN_IF_ERROR(BecomeUnprivileged());
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  SPANWIRE_RETURN_IF_ERROR(KeepOnly(0));
  SPANWIRE_RETURN_IF_ERROR(BecomeUnreadable(options.parent));
  SPANWIRE_RETURN_IF_ERROR(RefuseNewPrivileges());
  SPANWIRE_RETURN_IF_ERROR(RestrictFiles());
  return RestrictSystemCalls({.network = options.network});
}

}  // namespace spanwire::sandbox
