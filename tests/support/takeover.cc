// SPDX-License-Identifier: Apache-2.0
// A worker that is taken over: spanwire with this in the place of its protocols. The first bytes of
// a connection ("ATTACK 7\n") are a parser's bug and name the attempt that an attacker then makes
// from inside. Says what became of it on the standard error. Never part of the product.
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "agent/door/request.h"
#include "agent/protocol/registry.h"
#include "agent/sandbox/probes.h"
#include "spanwire/door.h"

namespace {

using spanwire::sandbox::Probe;

constexpr int kDoor = 3;

int ErrorOf(int64_t result) { return result >= 0 ? 0 : errno; }

int TryKeeperMemory() {
  std::array<char, 8> bytes{};
  const iovec here{bytes.data(), bytes.size()};
  const iovec there{bytes.data(), bytes.size()};
  return ErrorOf(process_vm_readv(getppid(), &here, 1, &there, 1, 0));
}
int TryKeeperFile(const char* name) {
  const std::string path = "/proc/" + std::to_string(getppid()) + "/" + name;
  return ErrorOf(open(path.c_str(), O_RDONLY));
}
int TryNetworkNamespace() { return ErrorOf(open("/proc/1/ns/net", O_RDONLY)); }
int TrySetNamespace() { return ErrorOf(setns(kDoor, CLONE_NEWNET)); }
int TryNewNetwork() { return ErrorOf(unshare(CLONE_NEWNET)); }
int TryListen() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return errno;
  const sockaddr_in any{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {}, .sin_zero = {}};
  return bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof(any)) != 0  // NOLINT
             ? errno
             : ErrorOf(listen(fd, 1));
}
int TryWritableCode() {
  return mmap(nullptr, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                 MAP_FAILED
             ? errno
             : 0;
}
int TryCodeInMemory() {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return ErrorOf(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}
int TryMemoryFile() { return ErrorOf(memfd_create("x", 0)); }
int TryTyping() {
  const char letter = 'x';
  return ErrorOf(ioctl(STDERR_FILENO, TIOCSTI, &letter));
}
int TryDumpable() { return ErrorOf(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)); }
int TryUring() { return ErrorOf(syscall(SYS_io_uring_setup, 1, nullptr)); }
int TryRemove() { return ErrorOf(unlink("/etc/passwd")); }
int TryModule() { return ErrorOf(syscall(SYS_init_module, nullptr, 0, "")); }
int TryKeyring() { return ErrorOf(syscall(SYS_add_key, "user", "x", "x", 1, -3)); }
int TryProcessClone() { return ErrorOf(syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, 0)); }
int TryShrinkShared() {
  // Files of spans are the worker's to cut; the memory that the keeper reads is not.
  for (int fd = kDoor + 1; fd < 64; ++fd) {
    struct stat status{};
    if (fstat(fd, &status) != 0 || status.st_size != sizeof(spanwire_shared)) continue;
    return ErrorOf(ftruncate(fd, 0));
  }
  return 0;  // it must be there
}

// Messages that no worker may send: the keeper ends us. To live on for a second is to have got by.
int Abuse(const void* message, size_t size) {
  send(kDoor, message, size, MSG_NOSIGNAL);
  timespec second{1, 0};
  nanosleep(&second, nullptr);
  return 0;
}
int AbuseGarbage() {
  const std::string garbage(200, '\xff');
  return Abuse(garbage.data(), garbage.size());
}
int AbuseLength() {
  const spanwire_door_plain message{SPANWIRE_DOOR_SWEEP, 0, 4096};
  return Abuse(&message, sizeof(message));
}
int AbuseOrder() {
  const spanwire_door_plain message{SPANWIRE_DOOR_CONFINED, 0, sizeof(message)};
  return Abuse(&message, sizeof(message));
}
int AbusePolicy() {
  spanwire_door_policies request{};
  request.header = {SPANWIRE_DOOR_POLICY, 0, sizeof(request)};
  request.count = SPANWIRE_DOOR_POLICIES + 1;
  return Abuse(&request, sizeof(request));
}
int AbuseStage() {
  spanwire_door_stage stage{};
  stage.header = {SPANWIRE_DOOR_STAGE, 0, sizeof(stage)};
  std::strcpy(stage.name, "x\",\"y");  // NOLINT: breaks out of a JSON string
  std::strcpy(stage.unit, "events");   // NOLINT
  return Abuse(&stage, sizeof(stage));
}

// Asks who process 1 is, which the kernel never reported with that start. An identity is a success.
int AbuseDescribe() {
  spanwire_door_describe request{};
  request.header = {SPANWIRE_DOOR_DESCRIBE, 0, sizeof(request)};
  request.question = 1u << 30;
  request.process.header = {SPANWIRE_RECORD_PROCESS, 0, sizeof(spanwire_process)};
  request.process.pid = 1;
  if (send(kDoor, &request, sizeof(request), MSG_NOSIGNAL) < 0) return errno;
  std::vector<char> answer(SPANWIRE_DOOR_IDENTITY_MAX);
  for (int i = 0; i < 1000; ++i) {
    const ssize_t got = recv(kDoor, answer.data(), answer.size(), MSG_DONTWAIT);
    spanwire_door_answer header{};
    if (got >= static_cast<ssize_t>(sizeof(header))) {
      std::memcpy(&header, answer.data(), sizeof(header));
      if (header.question == request.question) {
        return header.header.type == SPANWIRE_DOOR_IDENTITY ? 0 : EPERM;
      }
    }
    const timespec pause{0, 1'000'000};
    nanosleep(&pause, nullptr);
  }
  return ETIMEDOUT;
}

// Descriptors that we send must not pile up in the keeper; the message itself is a good one.
int AbuseDescriptors() {
  const spanwire_door_plain message{SPANWIRE_DOOR_SWEEP, 0, sizeof(message)};
  iovec part{const_cast<spanwire_door_plain*>(&message), sizeof(message)};  // NOLINT
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = room.data();
  header.msg_controllen = room.size();
  cmsghdr* control = CMSG_FIRSTHDR(&header);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = STDERR_FILENO;
  std::memcpy(CMSG_DATA(control), &fd, sizeof(fd));
  for (int i = 0; i < 50; ++i) sendmsg(kDoor, &header, MSG_NOSIGNAL);
  return EPERM;  // the test counts the keeper's descriptors
}

constexpr auto kAttempts = std::to_array<Probe>({
    {"process_vm_readv", "read the keeper's memory", &TryKeeperMemory},
    {"/proc/keeper/mem", "open the keeper's memory", [] { return TryKeeperFile("mem"); }},
    {"/proc/keeper/maps", "learn the keeper's addresses", [] { return TryKeeperFile("maps"); }},
    {"/proc/1/ns/net", "open a network namespace", &TryNetworkNamespace},
    {"setns", "enter a namespace", &TrySetNamespace},
    {"unshare(NEWNET)", "make a network namespace", &TryNewNetwork},
    {"listen", "offer a service", &TryListen},
    {"mmap W+X", "make writable code", &TryWritableCode},
    {"mprotect X", "turn data into code", &TryCodeInMemory},
    {"memfd_create", "make a file in memory", &TryMemoryFile},
    {"TIOCSTI", "type into the terminal", &TryTyping},
    {"PR_SET_DUMPABLE", "become readable", &TryDumpable},
    {"io_uring_setup", "go round the filter", &TryUring},
    {"unlink", "remove a file", &TryRemove},
    {"init_module", "load a module", &TryModule},
    {"add_key", "use the keyring", &TryKeyring},
    {"clone", "make a process", &TryProcessClone},
    {"ftruncate", "cut what is shared", &TryShrinkShared},
    {"door: garbage", "confuse the keeper", &AbuseGarbage},
    {"door: length", "lie about a length", &AbuseLength},
    {"door: order", "begin again", &AbuseOrder},
    {"door: count", "send more than fits", &AbusePolicy},
    {"door: name", "break out of a string", &AbuseStage},
    {"door: stranger", "ask who process 1 is", &AbuseDescribe},
    {"door: descriptors", "fill the keeper's table", &AbuseDescriptors},
});

void Attack(size_t number) {
  const auto probes = spanwire::sandbox::Probes();
  const bool own = number >= probes.size();
  if (own && number - probes.size() >= kAttempts.size()) {
    std::fprintf(stderr, "takeover %zu: end\n", number);
    return;
  }
  const Probe& probe = own ? kAttempts.at(number - probes.size()) : probes[number];
  std::fprintf(stderr, "takeover %zu: try: %s: %s\n", number, probe.name.data(), probe.what.data());
  const int error = probe.attempt();
  std::fprintf(stderr, "takeover %zu: %s\n", number, error == 0 ? "ESCAPED" : strerror(error));
}

spanwire::protocol::Match Detect(std::string_view bytes) {
  // Both ends of a connection carry the bytes: one attack each is enough.
  static std::atomic<size_t> last{SIZE_MAX};
  constexpr std::string_view kWord = "ATTACK ";
  if (!bytes.starts_with(kWord)) return spanwire::protocol::Match::kNo;
  size_t number = 0;
  std::from_chars(bytes.data() + kWord.size(), bytes.data() + bytes.size(), number);
  if (last.exchange(number) != number) Attack(number);
  return spanwire::protocol::Match::kNo;
}

// Takes nothing: a connection that is attacked is no protocol's.
class NoParser final : public spanwire::protocol::ProtocolParser {
 public:
  spanwire::protocol::ParseOutput Parse(const spanwire::protocol::ParseInput&) override {
    return {};
  }
  size_t FindBoundary(const spanwire::protocol::ParseInput&) const override {
    return spanwire::protocol::kNoBoundary;
  }
  void Reset(spanwire::protocol::Flow, size_t) override {}
};

std::unique_ptr<spanwire::protocol::ProtocolParser> Make(const spanwire::protocol::ParserOptions&) {
  return std::make_unique<NoParser>();
}

}  // namespace

// In place of the product's own, which the linker then leaves out.
namespace spanwire::protocol {

std::span<const ProtocolSpec> Registry() {
  static constexpr std::array<ProtocolSpec, 1> kTakenOver = {
      {{.name = "takeover", .detect = &Detect, .make = &Make}}};
  return kTakenOver;
}

}  // namespace spanwire::protocol
