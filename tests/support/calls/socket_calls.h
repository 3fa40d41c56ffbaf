// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace spanwire::calls {

// Sends all of `head` and `content` on the socket, by one way to do it. False on failure.
struct SendCall {
  std::string_view name;
  bool (*send)(int fd, std::string_view head, std::string_view content);
};

// Receives one message: a head and Content-Length bytes of content. Empty on failure or end of
// stream.
struct ReceiveCall {
  std::string_view name;
  std::string (*receive)(int fd);
};

// Every way to send and receive that the hooks must see.
std::span<const SendCall> SendCalls();
std::span<const ReceiveCall> ReceiveCalls();

// Moves a socket to another process over a UNIX socket (SCM_RIGHTS).
bool SendDescriptor(int channel, int fd);
int ReceiveDescriptor(int channel);

}  // namespace spanwire::calls
