// SPDX-License-Identifier: Apache-2.0
#include "agent/sandbox/probes.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace spanwire::sandbox {
namespace {

// 0 for a call that worked.
int ErrorOf(int64_t result) { return result >= 0 ? 0 : errno; }

int TryRoot() { return ErrorOf(setuid(0)); }
int TryShadow() { return ErrorOf(open("/etc/shadow", O_RDONLY | O_CLOEXEC)); }
int TryProc() { return ErrorOf(open("/proc/1/status", O_RDONLY | O_CLOEXEC)); }

int TryWrite() {
  constexpr const char* kPath = "/tmp/spanwire-probe";
  const int error = ErrorOf(open(kPath, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (error == 0) unlink(kPath);
  return error;
}

int TryExecute() {
  const std::array<const char*, 2> arguments{"/bin/true", nullptr};
  return ErrorOf(syscall(SYS_execve, arguments[0], arguments.data(), nullptr));
}

int TryFork() {
  const auto child = syscall(SYS_fork);
  if (child == 0) _exit(0);
  return ErrorOf(child);
}

int TryTrace() { return ErrorOf(ptrace(PTRACE_SEIZE, getppid(), nullptr, nullptr)); }
int TrySignal() { return ErrorOf(kill(getppid(), 0)); }

// BPF_MAP_CREATE: an array of one element; linux/bpf.h is for another room.
int TryBpf() {
  std::array<uint32_t, 32> attributes{2, 4, 4, 1};
  return ErrorOf(syscall(SYS_bpf, 0, attributes.data(), sizeof(attributes)));
}

int TryPerf() {
  perf_event_attr attributes{};
  attributes.size = sizeof(attributes);
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_DUMMY;
  return ErrorOf(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

int TryMount() { return ErrorOf(mount("none", "/tmp", "tmpfs", MS_RDONLY, nullptr)); }
int TryNamespace() { return ErrorOf(unshare(CLONE_NEWUSER)); }
int TryRawSocket() { return ErrorOf(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)); }
int TryPacketSocket() { return ErrorOf(socket(AF_PACKET, SOCK_RAW, 0)); }
int TryUnixSocket() { return ErrorOf(socket(AF_UNIX, SOCK_STREAM, 0)); }
int TryDump() { return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1 ? 0 : EPERM; }

constexpr auto kProbes = std::to_array<Probe>({
    {"setuid(0)", "become root", &TryRoot},
    {"/etc/shadow", "read the passwords", &TryShadow},
    {"/proc/1", "look at other processes", &TryProc, true},
    {"write", "make a file in /tmp", &TryWrite},
    {"execve", "start a program", &TryExecute},
    {"fork", "make a process", &TryFork},
    {"ptrace", "trace the keeper", &TryTrace},
    {"kill", "send the keeper a signal", &TrySignal},
    {"bpf", "make a BPF map", &TryBpf},
    {"perf_event_open", "watch the processor", &TryPerf},
    {"mount", "mount a file system", &TryMount},
    {"unshare", "make a user namespace", &TryNamespace},
    {"raw socket", "send any packet over IP", &TryRawSocket},
    {"packet socket", "read the network", &TryPacketSocket},
    {"unix socket", "talk to local services", &TryUnixSocket},
    {"core", "leave a memory dump behind", &TryDump},
});

}  // namespace

std::span<const Probe> Probes() { return kProbes; }

}  // namespace spanwire::sandbox
