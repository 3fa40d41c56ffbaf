// SPDX-License-Identifier: Apache-2.0
#include "agent/base/secret_name.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "agent/base/percent.h"

namespace spanwire {
namespace {

// A set of the letters that a word is made of; what is no letter is left out.
constexpr uint32_t LettersOf(std::string_view word) {
  uint32_t letters = 0;
  for (const char c : word) {
    if (IsAlpha(c)) letters |= 1u << (ToLower(c) - 'a');
  }
  return letters;
}

struct Word {
  std::string_view text;
  uint32_t letters;
  explicit constexpr Word(std::string_view word) : text(word), letters(LettersOf(word)) {}
};

// Words that make a name secret wherever they stand in it.
constexpr std::array kAnywhere = {
    Word("token"),     Word("secret"),     Word("passw"),    Word("pwd"),      Word("jwt"),
    Word("session"),   Word("sessid"),     Word("apikey"),   Word("authoriz"), Word("authcode"),
    Word("signature"), Word("credential"), Word("accesskey")};
// Words that do as a part of their own: "api-key", "authCode".
constexpr std::array kParts = {Word("key"), Word("auth"), Word("code"), Word("sig"),
                               Word("sid"), Word("pass"), Word("otp")};
// Words that do at the end: "mykey".
constexpr std::array kEnds = {Word("key"), Word("auth")};

// A name in lower case, its last characters when it is long. A part begins where a capital follows
// another letter, where a letter follows a digit, and after everything that is neither letter nor
// digit, which is dropped.
class PlainName {
 public:
  // With `decode`, percent-decoded.
  PlainName(std::string_view name, bool decode);

  std::string_view text() const { return std::string_view(text_.data(), size_); }
  uint32_t letters() const { return letters_; }
  // Whether `word`, found at `position`, is a whole part.
  bool IsPart(size_t position, size_t word_size) const {
    return Begins(position) && Begins(position + word_size);
  }

 private:
  static constexpr size_t kLimit = 63;

  bool Begins(size_t position) const {
    return position == 0 || position == size_ || ((begins_ >> position) & 1) != 0;
  }
  void Add(char c);

  std::array<char, kLimit + 1> text_{};
  size_t size_ = 0;
  uint64_t begins_ = 0;  // bit i: a part begins at i
  uint32_t letters_ = 0;
  bool boundary_ = false;
  bool after_small_ = false;
  bool after_digit_ = false;
};

PlainName::PlainName(std::string_view name, bool decode) {
  constexpr size_t kEncodedLimit = 3 * kLimit;
  if (name.size() > kEncodedLimit) name.remove_prefix(name.size() - kEncodedLimit);
  for (size_t i = 0; i < name.size();) {
    if (size_ == kLimit) {  // keep the end, where the telling word stands
      std::copy(text_.begin() + 1, text_.begin() + kLimit, text_.begin());
      begins_ >>= 1;
      --size_;
    }
    Add(decode ? TakeDecoded(name, i) : name[i++]);
  }
}

void PlainName::Add(char c) {
  if (!IsAlpha(c) && !IsDigit(c)) {
    boundary_ = true;
    after_small_ = after_digit_ = false;
    return;
  }
  const bool begins = boundary_ || (IsUpper(c) && after_small_) || (IsAlpha(c) && after_digit_);
  if (begins) begins_ |= uint64_t{1} << size_;
  boundary_ = false;
  after_small_ = !IsUpper(c);
  after_digit_ = IsDigit(c);
  text_[size_++] = ToLower(c);
  letters_ |= IsAlpha(c) ? 1u << (ToLower(c) - 'a') : 0;
}

bool MayContain(const PlainName& name, const Word& word) {
  return (name.letters() & word.letters) == word.letters;
}

bool HasPart(const PlainName& name, const Word& word) {
  if (!MayContain(name, word)) return false;
  for (size_t at = name.text().find(word.text); at != std::string_view::npos;
       at = name.text().find(word.text, at + 1)) {
    if (name.IsPart(at, word.text.size())) return true;
  }
  return false;
}

bool IsSecret(const PlainName& name) {
  const auto contains = [&](const Word& word) {
    return MayContain(name, word) && name.text().find(word.text) != std::string_view::npos;
  };
  return std::ranges::any_of(kAnywhere, contains) ||
         std::ranges::any_of(kParts, [&](const Word& word) { return HasPart(name, word); }) ||
         std::ranges::any_of(kEnds,
                             [&](const Word& word) { return name.text().ends_with(word.text); });
}

}  // namespace

bool IsSecretName(std::string_view name) {
  if (IsSecret(PlainName(name, /*decode=*/true))) return true;
  // What only looks encoded is read as it stands.
  return name.find('%') != std::string_view::npos && IsSecret(PlainName(name, /*decode=*/false));
}

}  // namespace spanwire
