// SPDX-License-Identifier: Apache-2.0
#include "tests/support/calls/socket_calls.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "agent/base/unique_fd.h"

namespace spanwire::calls {
namespace {

constexpr size_t kMaxMessage = 65536;

bool Is(ssize_t result, size_t size) { return result >= 0 && static_cast<size_t>(result) == size; }

// Messages here are far smaller than a socket's buffer, so that no call sends a part.
iovec Vector(std::string_view bytes) {
  return {.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
}

// Head and content in four pieces, one of them empty.
std::array<iovec, 4> Pieces(std::string_view head, std::string_view content) {
  const size_t half = head.size() / 2;
  return {Vector(head.substr(0, half)), Vector(head.substr(half)), Vector({}), Vector(content)};
}

std::string Joined(std::string_view head, std::string_view content) {
  return std::string(head).append(content);
}

bool ByWrite(int fd, std::string_view head, std::string_view content) {
  const std::string all = Joined(head, content);
  return Is(write(fd, all.data(), all.size()), all.size());
}

bool ByWritev(int fd, std::string_view head, std::string_view content) {
  const auto pieces = Pieces(head, content);
  return Is(writev(fd, pieces.data(), pieces.size()), head.size() + content.size());
}

bool BySend(int fd, std::string_view head, std::string_view content) {
  return Is(send(fd, head.data(), head.size(), MSG_MORE), head.size()) &&
         Is(send(fd, content.data(), content.size(), 0), content.size());
}

bool BySendto(int fd, std::string_view head, std::string_view content) {
  const std::string all = Joined(head, content);
  return Is(sendto(fd, all.data(), all.size(), MSG_NOSIGNAL, nullptr, 0), all.size());
}

bool BySendmsg(int fd, std::string_view head, std::string_view content) {
  auto pieces = Pieces(head, content);
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  return Is(sendmsg(fd, &message, 0), head.size() + content.size());
}

bool BySendmmsg(int fd, std::string_view head, std::string_view content) {
  auto pieces = Pieces(head, content);
  std::array<mmsghdr, 2> messages{};
  messages[0].msg_hdr.msg_iov = pieces.data();
  messages[0].msg_hdr.msg_iovlen = 1;
  messages[1].msg_hdr.msg_iov = pieces.data() + 1;
  messages[1].msg_hdr.msg_iovlen = 3;
  return sendmmsg(fd, messages.data(), messages.size(), 0) == 2;
}

bool BySendfile(int fd, std::string_view head, std::string_view content) {
  const UniqueFd file(memfd_create("content", MFD_CLOEXEC));
  off_t offset = 0;
  return Is(write(file.get(), content.data(), content.size()), content.size()) &&
         Is(send(fd, head.data(), head.size(), MSG_MORE), head.size()) &&
         Is(sendfile(fd, file.get(), &offset, content.size()), content.size());
}

bool BySplice(int fd, std::string_view head, std::string_view content) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  const UniqueFd out(ends[0]);
  const UniqueFd in(ends[1]);
  return Is(write(in.get(), content.data(), content.size()), content.size()) &&
         Is(send(fd, head.data(), head.size(), MSG_MORE), head.size()) &&
         Is(splice(out.get(), nullptr, fd, nullptr, content.size(), 0), content.size());
}

// Bytes that the message still lacks; 1 while its head is not complete.
size_t Lacking(const std::string& message) {
  const size_t end = message.find("\r\n\r\n");
  if (end == std::string::npos) return 1;
  const size_t field = message.find("Content-Length: ");
  const size_t content = field < end ? std::strtoul(message.c_str() + field + 16, nullptr, 10) : 0;
  const size_t whole = end + 4 + content;
  return whole > message.size() ? whole - message.size() : 0;
}

// Calls `once`, which puts what it got into the buffer, until the message is whole.
template <typename Once>
std::string Until(Once once) {
  std::string message;
  std::array<char, kMaxMessage> buffer{};
  while (Lacking(message) > 0) {
    const ssize_t got = once(buffer.data(), buffer.size());
    if (got <= 0) return {};
    message.append(buffer.data(), static_cast<size_t>(got));
  }
  return message;
}

std::string ByRead(int fd) {
  return Until([fd](char* to, size_t size) { return read(fd, to, size); });
}

std::string BySmallReads(int fd) {
  return Until([fd](char* to, size_t) { return read(fd, to, 7); });
}

std::string ByReadv(int fd) {
  return Until([fd](char* to, size_t size) {
    const std::array<iovec, 3> parts{iovec{to, 5}, iovec{to + 5, 11}, iovec{to + 16, size - 16}};
    return readv(fd, parts.data(), parts.size());
  });
}

std::string ByRecv(int fd) {
  return Until([fd](char* to, size_t size) { return recv(fd, to, size, 0); });
}

std::string ByRecvfrom(int fd) {
  return Until([fd](char* to, size_t size) {
    sockaddr_storage from{};
    socklen_t length = sizeof(from);
    return recvfrom(fd, to, size, 0, reinterpret_cast<sockaddr*>(&from), &length);
  });
}

std::string ByRecvmsg(int fd) {
  return Until([fd](char* to, size_t size) {
    std::array<iovec, 2> parts{iovec{to, 13}, iovec{to + 13, size - 13}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    return recvmsg(fd, &message, 0);
  });
}

std::string ByRecvmmsg(int fd) {
  return Until([fd](char* to, size_t size) -> ssize_t {
    iovec part{to, size};
    mmsghdr message{};
    message.msg_hdr.msg_iov = &part;
    message.msg_hdr.msg_iovlen = 1;
    const int got = recvmmsg(fd, &message, 1, 0, nullptr);
    return got == 1 ? static_cast<ssize_t>(message.msg_len) : -1;
  });
}

// Looks first, twice, then takes.
std::string ByPeek(int fd) {
  return Until([fd](char* to, size_t size) -> ssize_t {
    if (recv(fd, to, 20, MSG_PEEK) <= 0) return -1;
    const ssize_t there = recv(fd, to, size, MSG_PEEK);
    return there <= 0 ? -1 : recv(fd, to, static_cast<size_t>(there), 0);
  });
}

// Only content can be spliced: its bytes never lie in a buffer of ours.
std::string BySpliceIn(int fd) {
  std::string message;
  char byte = 0;
  while (message.find("\r\n\r\n") == std::string::npos) {
    if (recv(fd, &byte, 1, 0) != 1) return {};
    message += byte;
  }
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  const UniqueFd out(ends[0]);
  const UniqueFd in(ends[1]);
  std::array<char, kMaxMessage> buffer{};
  while (const size_t lacking = Lacking(message)) {
    const ssize_t moved = splice(fd, nullptr, in.get(), nullptr, lacking, 0);
    if (moved <= 0 || !Is(read(out.get(), buffer.data(), static_cast<size_t>(moved)), moved))
      return {};
    message.append(buffer.data(), static_cast<size_t>(moved));
  }
  return message;
}

constexpr std::array kSendCalls{
    SendCall{"write", ByWrite},       SendCall{"writev", ByWritev},
    SendCall{"send", BySend},         SendCall{"sendto", BySendto},
    SendCall{"sendmsg", BySendmsg},   SendCall{"sendmmsg", BySendmmsg},
    SendCall{"sendfile", BySendfile}, SendCall{"splice", BySplice},
};

constexpr std::array kReceiveCalls{
    ReceiveCall{"read", ByRead},         ReceiveCall{"small_reads", BySmallReads},
    ReceiveCall{"readv", ByReadv},       ReceiveCall{"recv", ByRecv},
    ReceiveCall{"recvfrom", ByRecvfrom}, ReceiveCall{"recvmsg", ByRecvmsg},
    ReceiveCall{"recvmmsg", ByRecvmmsg}, ReceiveCall{"peek", ByPeek},
    ReceiveCall{"splice", BySpliceIn},
};

}  // namespace

std::span<const SendCall> SendCalls() { return kSendCalls; }
std::span<const ReceiveCall> ReceiveCalls() { return kReceiveCalls; }

bool SendDescriptor(int channel, int fd) {
  char byte = 'd';
  iovec part{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &fd, sizeof(fd));
  return sendmsg(channel, &message, 0) == 1;
}

int ReceiveDescriptor(int channel) {
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (recvmsg(channel, &message, 0) != 1) return -1;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  int fd = -1;
  if (header != nullptr) std::memcpy(&fd, CMSG_DATA(header), sizeof(fd));
  return fd;
}

}  // namespace spanwire::calls
