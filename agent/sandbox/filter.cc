// SPDX-License-Identifier: Apache-2.0
#include "agent/sandbox/filter.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <initializer_list>
#include <memory>
#include <type_traits>

namespace spanwire::sandbox {
namespace {

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, Release>;

// Whatever their arguments.
constexpr auto kAllowed = std::to_array<int>({
    // Files that are open, and looking at others.
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64),
    SCMP_SYS(getcwd),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(pipe),
    SCMP_SYS(pipe2),
    SCMP_SYS(eventfd2),
    SCMP_SYS(fadvise64),
    // Waiting.
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(alarm),
    SCMP_SYS(restart_syscall),
    // Sockets that exist.
    SCMP_SYS(connect),
    SCMP_SYS(sendto),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(shutdown),
    // Memory and threads.
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(get_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(membarrier),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    // Clocks and who we are.
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getppid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getrandom),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(getrlimit),
    SCMP_SYS(getrusage),
    SCMP_SYS(getcpu),
    SCMP_SYS(times),
    // Signals to ourselves.
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(rt_sigpending),
    SCMP_SYS(sigaltstack),
});

// No library asks for these: who does has taken us over.
constexpr auto kDeadly = std::to_array<int>({
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(process_madvise),
    SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(pidfd_send_signal),
    SCMP_SYS(kcmp),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(open_tree),
    SCMP_SYS(move_mount),
    SCMP_SYS(fsopen),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(acct),
    SCMP_SYS(quotactl),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(adjtimex),
});

// Collects rules; the first failure stays.
class Rules {
 public:
  explicit Rules(scmp_filter_ctx filter) : filter_(filter) {}

  template <typename... Compare>
  void Add(uint32_t action, int call, Compare... compare) {
    const std::array<scmp_arg_cmp, sizeof...(compare)> list{compare...};
    // A call that this architecture does not have needs no rule.
    const int error = seccomp_rule_add_array(filter_, action, call, list.size(), list.data());
    if (error != 0 && error != -EDOM && error_ == 0) error_ = -error;
  }
  template <typename... Compare>
  void Allow(int call, Compare... compare) {
    Add(SCMP_ACT_ALLOW, call, compare...);
  }
  int error() const { return error_; }

 private:
  scmp_filter_ctx filter_;
  int error_ = 0;
};

scmp_arg_cmp Equals(unsigned argument, uint64_t value) { return {argument, SCMP_CMP_EQ, value, 0}; }

scmp_arg_cmp Has(unsigned argument, uint64_t mask, uint64_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

// Files are opened to be read. What O_CREAT and its like would do needs no check of its own.
void AddFiles(Rules& rules) {
  constexpr uint64_t kWriting =
      O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE ^ O_DIRECTORY);
  rules.Allow(SCMP_SYS(open), Has(1, kWriting, O_RDONLY));
  rules.Allow(SCMP_SYS(openat), Has(2, kWriting, O_RDONLY));
  for (const int command : {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL}) {
    rules.Allow(SCMP_SYS(fcntl), Equals(1, static_cast<uint64_t>(command)));
  }
  // What a terminal is and how wide, and how libcurl sets sockets up. No TIOCSTI: no typing.
  for (const uint64_t request : {TCGETS, TIOCGWINSZ, FIONBIO, FIONREAD}) {
    rules.Allow(SCMP_SYS(ioctl), Equals(1, request));
  }
}

// Memory is never writable and executable; libraries may be mapped.
void AddMemory(Rules& rules) {
  rules.Allow(SCMP_SYS(mmap), Has(2, PROT_WRITE | PROT_EXEC, PROT_WRITE));
  rules.Allow(SCMP_SYS(mmap), Has(2, PROT_WRITE, 0));
  rules.Allow(SCMP_SYS(mprotect), Has(2, PROT_EXEC, 0));
}

// Threads, and no processes. The arguments of clone3 cannot be seen: the C library does without.
void AddThreads(Rules& rules) {
  rules.Allow(SCMP_SYS(clone), Has(0, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND | CLONE_NEWUSER,
                                   CLONE_VM | CLONE_THREAD | CLONE_SIGHAND));
  rules.Add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
  const auto self = static_cast<uint64_t>(getpid());
  rules.Allow(SCMP_SYS(tgkill), Equals(0, self));
  rules.Allow(SCMP_SYS(prlimit64), Equals(0, 0), Equals(2, 0));
  for (const uint64_t option : {PR_SET_NAME, PR_GET_NAME, PR_SET_VMA}) {
    rules.Allow(SCMP_SYS(prctl), Equals(0, option));
  }
}

void AddSockets(Rules& rules, const FilterOptions& options) {
  constexpr uint64_t kType = 0xf;  // without SOCK_CLOEXEC and SOCK_NONBLOCK
  rules.Allow(SCMP_SYS(socketpair), Equals(0, AF_UNIX));
  rules.Add(SCMP_ACT_KILL_PROCESS, SCMP_SYS(socket), Equals(0, AF_PACKET));
  for (const uint64_t family : {AF_INET, AF_INET6}) {
    rules.Add(SCMP_ACT_KILL_PROCESS, SCMP_SYS(socket), Equals(0, family), Has(1, kType, SOCK_RAW));
    if (!options.network) continue;
    rules.Allow(SCMP_SYS(socket), Equals(0, family), Has(1, kType, SOCK_STREAM));
    rules.Allow(SCMP_SYS(socket), Equals(0, family), Has(1, kType, SOCK_DGRAM));
  }
}

}  // namespace

Result<> RestrictSystemCalls(const FilterOptions& options) {
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!filter) return Error{"cannot make a filter of system calls", 0};
  seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  constexpr uint32_t kBinaryTree = 2;
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, kBinaryTree);
  Rules rules(filter.get());
  for (const int call : kDeadly) rules.Add(SCMP_ACT_KILL_PROCESS, call);
  for (const int call : kAllowed) rules.Allow(call);
  AddFiles(rules);
  AddMemory(rules);
  AddThreads(rules);
  AddSockets(rules, options);
  if (rules.error() != 0) return ErrnoError("cannot build the filter", rules.error());
  if (const int error = seccomp_load(filter.get()); error != 0) {
    return ErrnoError("cannot apply the filter of system calls", -error);
  }
  return {};
}

}  // namespace spanwire::sandbox
