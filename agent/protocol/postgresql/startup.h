// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace spanwire::protocol::postgresql {

// What a connection may begin with: messages without a type.
enum class StartKind : uint8_t {
  kStartup,     // major version 3
  kSslRequest,  // answered with one byte: S or N
  kGssRequest,  // G or N
  kCancel,      // not answered
};

struct StartMessage {
  StartKind kind = StartKind::kStartup;
  size_t size = 0;              // of the whole message
  std::string_view database{};  // kStartup; the user's name where there is none, as servers do
};

// Whether bytes can begin such a message.
enum class StartMatch : uint8_t { kNo, kNeedMore, kYes };

// Reads the message at the front. kYes: all of it was there, and `message` holds it.
StartMatch ReadStart(std::string_view bytes, StartMessage& message);

}  // namespace spanwire::protocol::postgresql
