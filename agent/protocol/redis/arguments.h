// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace spanwire::protocol::redis {

// A request is described by what lies in its first bytes, however much of it is there.
inline constexpr size_t kDescribedBytes = 1024;

// The words of a request, the command's name first. Views into the bytes that were read.
class Arguments {
 public:
  static constexpr size_t kKept = 32;
  struct Word {
    std::string_view text;
    bool whole = true;  // false: its end lies beyond what is looked at
  };

  // Of an array of strings, whose beginning lies in `bytes`.
  static Arguments OfArray(std::string_view bytes);
  // Of an inline command: words between blanks, quoted or not. Quotes stay.
  static Arguments OfLine(std::string_view line);

  // How many words the request has. Those behind the first kept() are not known.
  uint64_t count() const { return count_; }
  std::span<const Word> kept() const { return std::span(words_).first(kept_); }
  // The word at `index`; empty when it is not kept as a whole.
  std::string_view At(size_t index) const;

 private:
  void Keep(std::string_view text, bool whole);

  std::array<Word, kKept> words_;
  size_t kept_ = 0;
  uint64_t count_ = 0;
};

}  // namespace spanwire::protocol::redis
