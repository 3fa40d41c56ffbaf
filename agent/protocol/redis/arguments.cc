// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/redis/arguments.h"

#include <algorithm>

#include "agent/protocol/redis/header.h"

namespace spanwire::protocol::redis {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";

// One past the word that begins the line; a quoted one may hold blanks.
size_t WordEnd(std::string_view line) {
  char quote = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == '"' && c == '\\') {
      ++i;
    } else if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (quote == 0 && kBlanks.find(c) != std::string_view::npos) {
      return i;
    }
  }
  return line.size();
}

}  // namespace

void Arguments::Keep(std::string_view text, bool whole) {
  if (kept_ < kKept) words_[kept_++] = {.text = text, .whole = whole};
}

std::string_view Arguments::At(size_t index) const {
  return index < kept_ && words_[index].whole ? words_[index].text : std::string_view();
}

Arguments Arguments::OfArray(std::string_view bytes) {
  bytes = bytes.substr(0, kDescribedBytes);
  Arguments arguments;
  Header header;
  if (ReadHeader(bytes, header) != HeaderStatus::kComplete) return arguments;
  arguments.count_ = header.value;
  bytes.remove_prefix(header.size);
  for (uint64_t i = 0; i < arguments.count_ && i < kKept; ++i) {
    const auto string = ReadBulkString(bytes);
    if (!string) break;
    arguments.Keep(string->text, string->whole);
    if (!string->whole) break;
    bytes.remove_prefix(std::min(string->size, bytes.size()));
  }
  return arguments;
}

Arguments Arguments::OfLine(std::string_view line) {
  Arguments arguments;
  for (;;) {
    const size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return arguments;
    line.remove_prefix(begin);
    const size_t end = WordEnd(line);
    arguments.Keep(line.substr(0, end), true);
    ++arguments.count_;
    line.remove_prefix(end);
  }
}

}  // namespace spanwire::protocol::redis
