// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "agent/protocol/redis/redis.h"
#include "tests/support/parser_connection.h"

namespace spanwire::protocol::redis {

// "$3\r\nfoo\r\n"
inline std::string Bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

// An array of strings: a command, or an answer.
inline std::string List(const std::vector<std::string>& words, char type = '*') {
  std::string text = type + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) text += Bulk(word);
  return text;
}

inline Wire Cmd(const std::vector<std::string>& words) { return Req(List(words)); }

// "*3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n"
inline std::string Confirm(const std::string& kind, const std::string& channel, int count,
                           char type = '*') {
  return std::string(1, type) + "3\r\n" + Bulk(kind) + Bulk(channel) + ":" + std::to_string(count) +
         "\r\n";
}

}  // namespace spanwire::protocol::redis
