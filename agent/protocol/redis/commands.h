// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spanwire::protocol::redis {

inline constexpr size_t kMaxCommandName = 32;

// What must be known of a command to follow a connection and to describe it.
enum class Command : uint8_t {
  kUnknown,     // none that servers have, as far as we know
  kPlain,       // one answer, no state
  kContainer,   // its second word belongs to its name: CONFIG GET
  kClient,      // the same; and CLIENT REPLY decides who is answered
  kSecret,      // arguments are never shown: AUTH, HELLO, MIGRATE
  kBlocking,    // may wait for others before it answers
  kStreamRead,  // the same, with the option BLOCK
  kProcedure,   // calls a script or function by the name that is its second word
  kMulti,
  kExec,
  kDiscard,
  kSelect,
  kReset,
  kQuit,
  kPing,
  kSubscribe,
  kPSubscribe,
  kSSubscribe,
  kUnsubscribe,
  kPUnsubscribe,
  kSUnsubscribe,
  kMonitor,
  kSync,
  kPSync,
  kReplConf,
};

// By its name in any case. Those of modules are known by their form: "FT.SEARCH".
Command FindCommand(std::string_view name);

// Whether `text` in upper case is `upper`.
bool EqualsUpper(std::string_view text, std::string_view upper);

// Whether the second word of a container can be part of its name.
bool IsSubcommand(std::string_view word);

// Whether a command's name can begin like this.
bool MayBeCommandName(std::string_view prefix);

}  // namespace spanwire::protocol::redis
