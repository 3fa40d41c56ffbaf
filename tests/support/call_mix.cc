// SPDX-License-Identifier: Apache-2.0
//
// Speaks HTTP/1 with itself over every pair of socket calls, and hands sockets on by dup, fork and
// SCM_RIGHTS. Writes the truth like the load client: call_mix ID_PREFIX LOG PORT [UNIX_PATH]
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "agent/base/unique_fd.h"
#include "tests/support/calls/socket_calls.h"
#include "tests/support/load/truth_log.h"

namespace spanwire::calls {
namespace {

// How the server gets the connection that it serves.
enum class Handover { kDirect, kDup, kFork, kPassed };

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

Address Tcp4(uint16_t port) {
  Address address{.storage = {}, .length = sizeof(sockaddr_in)};
  auto* in = reinterpret_cast<sockaddr_in*>(&address.storage);
  in->sin_family = AF_INET;
  in->sin_port = htons(port);
  in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Address Tcp6(uint16_t port) {
  Address address{.storage = {}, .length = sizeof(sockaddr_in6)};
  auto* in = reinterpret_cast<sockaddr_in6*>(&address.storage);
  in->sin6_family = AF_INET6;
  in->sin6_port = htons(port);
  in->sin6_addr = in6addr_loopback;
  return address;
}

Address Unix(const std::string& path) {
  Address address{.storage = {}, .length = sizeof(sockaddr_un)};
  auto* un = reinterpret_cast<sockaddr_un*>(&address.storage);
  un->sun_family = AF_UNIX;
  std::strncpy(un->sun_path, path.c_str(), sizeof(un->sun_path) - 1);
  return address;
}

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

UniqueFd Listen(const Address& address) {
  UniqueFd fd(socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (address.storage.ss_family == AF_INET6) {
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  }
  const auto* name = reinterpret_cast<const sockaddr*>(&address.storage);
  if (bind(fd.get(), name, address.length) != 0 || listen(fd.get(), 16) != 0) Die("listen");
  return fd;
}

// The calls of request number `n`: every pair on each side within kRequests.
constexpr size_t kRequests = 72;
const SendCall& SendOf(size_t n) { return SendCalls()[n % SendCalls().size()]; }

// No hook sees splice(2) out of a UNIX socket, and nothing there counts bytes: it is the last of
// the calls and left out for `family` AF_UNIX.
const ReceiveCall& ReceiveOf(sa_family_t family, size_t n) {
  if (family != AF_UNIX) return ReceiveCalls()[n % ReceiveCalls().size()];
  const size_t count = ReceiveCalls().size() - 1;
  return ReceiveCalls()[(n + n / count) % count];  // as many as calls that send: shifted each round
}

sa_family_t FamilyOf(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) Die("getsockname");
  return address.ss_family;
}

void Answer(int fd, size_t first, size_t count) {
  const sa_family_t family = FamilyOf(fd);
  for (size_t n = first; n < first + count; ++n) {
    if (ReceiveOf(family, n).receive(fd).empty()) return;
    const std::string content(100 + n, 'r');
    const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(content.size()) + "\r\n\r\n";
    if (!SendOf(n + 3).send(fd, head, content)) Die("answer");
  }
}

// In a child: accepts one connection and answers on it after the hand-over.
void Serve(int listener, Handover handover, size_t count) {
  UniqueFd connection(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection) Die("accept");
  if (handover == Handover::kDirect) return Answer(connection.get(), 0, count);
  Answer(connection.get(), 0, 1);  // a first one before, so that the socket is known already
  if (handover == Handover::kDup) {
    const UniqueFd twin(dup(connection.get()));
    connection.Reset();
    return Answer(twin.get(), 1, count - 1);
  }
  int channel[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0) Die("socketpair");
  const UniqueFd near(channel[0]);
  const UniqueFd far(channel[1]);
  if (handover == Handover::kPassed && !SendDescriptor(near.get(), connection.get())) Die("pass");
  const pid_t child = handover == Handover::kFork ? fork() : (connection.Reset(), fork());
  if (child == 0) {
    const UniqueFd passed(handover == Handover::kPassed ? ReceiveDescriptor(far.get())
                                                        : connection.Release());
    Answer(passed.get(), 1, count - 1);
    std::_Exit(0);
  }
  waitpid(child, nullptr, 0);
}

class Client {
 public:
  Client(std::string prefix, std::FILE* log) : prefix_(std::move(prefix)), log_(log, "POST") {}

  void Talk(const Address& address, Handover handover, size_t count) {
    const UniqueFd listener = Listen(address);
    const pid_t child = fork();
    if (child == 0) {
      Serve(listener.get(), handover, count);
      std::_Exit(0);
    }
    const UniqueFd fd(socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto* name = reinterpret_cast<const sockaddr*>(&address.storage);
    if (connect(fd.get(), name, address.length) != 0) Die("connect");
    for (size_t n = 0; n < count; ++n) Ask(fd.get(), n);
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0) Die("server");
    log_.Flush();
  }

 private:
  void Ask(int fd, size_t n) {
    load::Truth truth;
    truth.id = prefix_ + std::to_string(++number_);
    truth.path = "/r/" + truth.id;
    const std::string content(50 + n, 'q');
    truth.request_body = content.size();
    const std::string head = "POST " + truth.path + " HTTP/1.1\r\nHost: mix\r\nContent-Length: " +
                             std::to_string(content.size()) + "\r\n\r\n";
    truth.start_ns = load::NowNs();
    if (!SendOf(n).send(fd, head, content)) Die("ask");
    const std::string answer = ReceiveOf(FamilyOf(fd), n + 2).receive(fd);
    truth.end_ns = load::NowNs();
    if (answer.empty()) Die("answer");
    truth.status = std::atoi(answer.c_str() + 9);
    truth.response_body = answer.size() - answer.find("\r\n\r\n") - 4;
    truth.ended = "answered";
    log_.Write(truth);
  }

  std::string prefix_;
  load::TruthLog log_;
  size_t number_ = 0;
};

}  // namespace
}  // namespace spanwire::calls

int main(int argc, char** argv) {
  using namespace spanwire::calls;
  if (argc < 4 || argc > 5) {
    std::fputs("usage: call_mix ID_PREFIX LOG PORT [UNIX_PATH]\n", stderr);
    return 2;
  }
  std::FILE* log = std::fopen(argv[2], "w");
  if (log == nullptr) Die(argv[2]);
  Client client(argv[1], log);
  const auto port = static_cast<uint16_t>(std::atoi(argv[3]));
  if (argc == 5) {
    client.Talk(Unix(argv[4]), Handover::kDirect, kRequests);
  } else {
    client.Talk(Tcp4(port), Handover::kDirect, kRequests);
    client.Talk(Tcp6(port), Handover::kDirect, kRequests);
    for (const Handover way : {Handover::kDup, Handover::kFork, Handover::kPassed}) {
      client.Talk(Tcp4(port), way, 9);
    }
  }
  return std::fclose(log) == 0 ? 0 : 1;
}
