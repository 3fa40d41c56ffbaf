// SPDX-License-Identifier: Apache-2.0
#include "agent/door/channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "spanwire/door.h"

namespace spanwire::door {
namespace {

// Room for the descriptors of one message, as sendmsg(2) wants it.
struct ControlRoom {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxDescriptors * sizeof(int))> bytes{};
};

void PutDescriptors(msghdr& header, ControlRoom& room, std::span<const int> descriptors) {
  if (descriptors.empty()) return;
  header.msg_control = room.bytes.data();
  header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
  cmsghdr* control = CMSG_FIRSTHDR(&header);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(control), descriptors.data(), descriptors.size_bytes());
}

std::vector<UniqueFd> TakeDescriptors(msghdr& header) {
  std::vector<UniqueFd> taken;
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
       control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
    std::array<int, kMaxDescriptors> numbers{};
    const size_t size = std::min(control->cmsg_len - CMSG_LEN(0), sizeof(numbers));
    std::memcpy(numbers.data(), CMSG_DATA(control), size);
    for (size_t i = 0; i < size / sizeof(int); ++i) taken.emplace_back(numbers[i]);
  }
  return taken;
}

}  // namespace

Channel::Channel(UniqueFd socket)
    : socket_(std::move(socket)), buffer_(SPANWIRE_DOOR_IDENTITY_MAX) {}

Result<std::pair<UniqueFd, UniqueFd>> Channel::MakePair() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
    return ErrnoError("cannot make a socket pair", errno);
  }
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

Channel::Sent Channel::Send(std::span<const std::byte> message, std::span<const int> descriptors) {
  iovec part{const_cast<std::byte*>(message.data()), message.size()};  // NOLINT: sendmsg's type
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  ControlRoom room;
  PutDescriptors(header, room, descriptors.first(std::min(descriptors.size(), kMaxDescriptors)));
  ssize_t sent = -1;
  do {
    sent = sendmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return Sent::kYes;
  return errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM ? Sent::kFull : Sent::kGone;
}

std::optional<Received> Channel::Receive(bool takes_descriptors) {
  iovec part{buffer_.data(), buffer_.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  ControlRoom room;
  if (takes_descriptors) {
    header.msg_control = room.bytes.data();
    header.msg_controllen = room.bytes.size();
  }
  ssize_t got = -1;
  do {
    got = recvmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return std::nullopt;
  if (got <= 0) {
    closed_ = true;
    return std::nullopt;
  }
  return Received{std::span(buffer_).first(static_cast<size_t>(got)), TakeDescriptors(header)};
}

bool Channel::Wait(std::chrono::milliseconds limit) const {
  pollfd readable{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  return poll(&readable, 1, static_cast<int>(limit.count())) > 0;
}

}  // namespace spanwire::door
