// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "agent/base/result.h"
#include "agent/base/unique_fd.h"

namespace spanwire::door {

inline constexpr size_t kMaxDescriptors = 8;

// One message as it came.
struct Received {
  std::span<const std::byte> bytes;  // lives until the next Receive()
  std::vector<UniqueFd> descriptors;
};

// One end of the door: whole messages, in order. Nothing here waits but Wait(). One thread sends
// and one receives.
class Channel {
 public:
  enum class Sent : uint8_t { kYes, kFull, kGone };

  explicit Channel(UniqueFd socket);

  // Both ends of a new door. Either is closed at exec.
  static Result<std::pair<UniqueFd, UniqueFd>> MakePair();

  int fd() const { return socket_.get(); }

  // kFull: the other end reads too slowly. kGone: it is closed.
  Sent Send(std::span<const std::byte> message, std::span<const int> descriptors = {});

  // The next message, if there is one. Descriptors are taken only when `takes_descriptors`; others
  // are closed by the kernel.
  std::optional<Received> Receive(bool takes_descriptors);

  // The other end is closed, and all that it sent was received.
  bool closed() const { return closed_; }

  // Waits for a message or the end of the other side. False: the time is up.
  bool Wait(std::chrono::milliseconds limit) const;

 private:
  UniqueFd socket_;
  std::vector<std::byte> buffer_;
  bool closed_ = false;
};

}  // namespace spanwire::door
