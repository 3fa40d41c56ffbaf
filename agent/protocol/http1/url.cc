// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/url.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "agent/protocol/http1/chars.h"

namespace spanwire::protocol::http1 {
namespace {

constexpr size_t kNone = std::string_view::npos;

bool IsSchemeChar(char c) { return IsAlpha(c) || IsDigit(c) || c == '+' || c == '-' || c == '.'; }

void SplitPath(std::string_view text, Target& parts) {
  const size_t question = text.find('?');
  parts.path = text.substr(0, question);
  if (question != kNone) parts.query = text.substr(question + 1);
}

void SetAuthority(std::string_view authority, Target& parts) {
  parts.authority = WithoutUserInfo(authority);
  parts.user_info = parts.authority.size() != authority.size();
}

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

// Words that make a key secret wherever they stand in it.
constexpr std::array kAnywhere = {
    Word("token"),     Word("secret"),     Word("passw"),    Word("pwd"),      Word("jwt"),
    Word("session"),   Word("sessid"),     Word("apikey"),   Word("authoriz"), Word("authcode"),
    Word("signature"), Word("credential"), Word("accesskey")};
// Words that do as a part of their own: "api-key", "authCode".
constexpr std::array kParts = {Word("key"), Word("auth"), Word("code"), Word("sig"),
                               Word("sid"), Word("pass"), Word("otp")};
// Words that do at the end: "mykey".
constexpr std::array kEnds = {Word("key"), Word("auth")};

// A key decoded and in lower case, its last characters when it is long. A part begins where a
// capital follows another letter, and after everything that is neither letter nor digit, which is
// dropped.
class PlainKey {
 public:
  explicit PlainKey(std::string_view key);

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
};

// One character at `position`, percent-decoded; moves on.
char TakeDecoded(std::string_view text, size_t& position) {
  const char c = text[position++];
  if (c != '%' || position + 2 > text.size()) return c;
  const int high = HexValue(text[position]);
  const int low = HexValue(text[position + 1]);
  if (high < 0 || low < 0) return c;
  position += 2;
  return static_cast<char>(high * 16 + low);
}

PlainKey::PlainKey(std::string_view key) {
  constexpr size_t kEncodedLimit = 3 * kLimit;
  if (key.size() > kEncodedLimit) key.remove_prefix(key.size() - kEncodedLimit);
  for (size_t i = 0; i < key.size();) {
    if (size_ == kLimit) {  // keep the end, where the telling word stands
      std::copy(text_.begin() + 1, text_.begin() + kLimit, text_.begin());
      begins_ >>= 1;
      --size_;
    }
    Add(TakeDecoded(key, i));
  }
}

void PlainKey::Add(char c) {
  if (!IsAlpha(c) && !IsDigit(c)) {
    boundary_ = true;
    after_small_ = false;
    return;
  }
  if (boundary_ || (IsUpper(c) && after_small_)) begins_ |= uint64_t{1} << size_;
  boundary_ = false;
  after_small_ = !IsUpper(c);
  text_[size_++] = ToLower(c);
  letters_ |= IsAlpha(c) ? 1u << (ToLower(c) - 'a') : 0;
}

bool MayContain(const PlainKey& key, const Word& word) {
  return (key.letters() & word.letters) == word.letters;
}

bool HasPart(const PlainKey& key, const Word& word) {
  if (!MayContain(key, word)) return false;
  for (size_t at = key.text().find(word.text); at != kNone;
       at = key.text().find(word.text, at + 1)) {
    if (key.IsPart(at, word.text.size())) return true;
  }
  return false;
}

// Where keys begin and where a secret value ends.
struct Grammar {
  std::string_view separators;  // a key begins after each of them
  std::string_view value_ends;  // a secret is replaced up to the next of them
  bool encoded;                 // also after percent-encoded separators
};

constexpr Grammar kQuery = {.separators = "&;?", .value_ends = "&", .encoded = true};
constexpr Grammar kPath = {.separators = ";/", .value_ends = "/;", .encoded = false};

// Copies what stays and replaces what must not.
class Redaction {
 public:
  Redaction(std::string_view text, const Grammar& grammar, std::string& scratch)
      : text_(text), grammar_(grammar), scratch_(scratch) {
    scratch_.clear();
  }

  std::string_view Run() {
    size_t key_begin = 0;
    for (size_t i = 0; i < text_.size();) {
      const size_t at = i;
      const char c = grammar_.encoded ? TakeDecoded(text_, i) : text_[i++];
      if (grammar_.separators.find(c) != kNone) key_begin = i;
      if (c != '=' || !IsSecretKey(text_.substr(key_begin, at - key_begin))) continue;
      i = Replace(i);
    }
    if (copied_ == 0) return text_;
    scratch_.append(text_.substr(copied_));
    return scratch_;
  }

 private:
  // Replaces the value that begins at `begin`; returns its end.
  size_t Replace(size_t begin) {
    const size_t end = std::min(text_.find_first_of(grammar_.value_ends, begin), text_.size());
    scratch_.append(text_.substr(copied_, begin - copied_)).append(kRedacted);
    copied_ = end;
    return end;
  }

  std::string_view text_;
  const Grammar& grammar_;
  std::string& scratch_;
  size_t copied_ = 0;
};

}  // namespace

Target SplitTarget(std::string_view method, std::string_view target) {
  target = target.substr(0, target.find('#'));
  Target parts;
  if (method == "CONNECT" && !target.starts_with('/')) {
    SetAuthority(target, parts);
    return parts;
  }
  const size_t colon = target.starts_with('/') ? kNone : target.find("://");
  const bool absolute = colon != kNone && colon > 0 && IsAlpha(target.front()) &&
                        std::ranges::all_of(target.substr(0, colon), IsSchemeChar);
  if (!absolute) {
    SplitPath(target, parts);
    return parts;
  }
  parts.scheme = target.substr(0, colon);
  const std::string_view rest = target.substr(colon + 3);
  const size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  SetAuthority(rest.substr(0, authority_end), parts);
  SplitPath(rest.substr(authority_end), parts);
  if (parts.path.empty()) parts.path = "/";
  return parts;
}

std::string_view WithoutUserInfo(std::string_view authority) {
  const size_t at = authority.rfind('@');
  return at == kNone ? authority : authority.substr(at + 1);
}

bool IsSecretKey(std::string_view key) {
  const PlainKey plain(key);
  const auto contains = [&](const Word& word) {
    return MayContain(plain, word) && plain.text().find(word.text) != kNone;
  };
  return std::ranges::any_of(kAnywhere, contains) ||
         std::ranges::any_of(kParts, [&](const Word& word) { return HasPart(plain, word); }) ||
         std::ranges::any_of(kEnds,
                             [&](const Word& word) { return plain.text().ends_with(word.text); });
}

std::string_view RedactQuery(std::string_view query, std::string& scratch) {
  if (query.find('=') == kNone && query.find('%') == kNone) return query;
  return Redaction(query, kQuery, scratch).Run();
}

std::string_view RedactPath(std::string_view path, std::string& scratch) {
  if (path.find(';') == kNone) return path;
  return Redaction(path, kPath, scratch).Run();
}

}  // namespace spanwire::protocol::http1
