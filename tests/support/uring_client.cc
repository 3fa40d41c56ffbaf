// SPDX-License-Identifier: Apache-2.0
// Sends HTTP requests through io_uring, one after the other over one connection, to show what the
// hooks see of it: uring_client PORT REQUESTS PATH_PREFIX. Exits 0 when all were answered, 77 when
// the kernel has no io_uring.
#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

constexpr int kNoIoUring = 77;

// Submits what `prepare` puts into a slot and waits for its result.
template <typename Prepare>
int Run(io_uring& ring, Prepare prepare) {
  prepare(io_uring_get_sqe(&ring));
  io_uring_submit(&ring);
  io_uring_cqe* done = nullptr;
  if (io_uring_wait_cqe(&ring, &done) != 0) return -EIO;
  const int result = done->res;
  io_uring_cqe_seen(&ring, done);
  return result;
}

int Connect(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return -1;
  return fd;
}

// One answer with content after a Content-Length; the servers of these tests send it in one piece
// or two.
bool ReadAnswer(io_uring& ring, int fd) {
  std::string answer;
  std::array<char, 4096> piece{};
  while (true) {
    const int got = Run(ring, [&](io_uring_sqe* slot) {
      io_uring_prep_recv(slot, fd, piece.data(), piece.size(), 0);
    });
    if (got <= 0) return false;
    answer.append(piece.data(), static_cast<size_t>(got));
    const size_t end = answer.find("\r\n\r\n");
    const size_t length = answer.find("Content-Length: ");
    if (end == std::string::npos || length == std::string::npos) continue;
    const size_t content = std::strtoul(answer.c_str() + length + 16, nullptr, 10);
    if (answer.size() >= end + 4 + content) return true;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  io_uring ring{};
  if (io_uring_queue_init(8, &ring, 0) != 0) return kNoIoUring;
  const int fd = Connect(static_cast<uint16_t>(std::atoi(argv[1])));
  if (fd < 0) return 1;
  const int requests = std::atoi(argv[2]);
  for (int i = 0; i < requests; ++i) {
    const std::string request =
        "GET " + std::string(argv[3]) + std::to_string(i) + " HTTP/1.1\r\nHost: uring\r\n\r\n";
    const int sent = Run(ring, [&](io_uring_sqe* slot) {
      io_uring_prep_send(slot, fd, request.data(), request.size(), 0);
    });
    if (sent != static_cast<int>(request.size()) || !ReadAnswer(ring, fd)) return 1;
  }
  std::printf("answered %d\n", requests);
  return 0;
}
