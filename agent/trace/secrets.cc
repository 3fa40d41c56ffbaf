// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/secrets.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "agent/base/ascii.h"
#include "agent/base/secret_name.h"

namespace spanwire::trace {
namespace {

constexpr std::string_view kRedacted = "REDACTED";
constexpr size_t kMinCredential = 6;
constexpr size_t kMinTokenPart = 4;
constexpr size_t kAwsKeyTail = 16;
// How far before a mark its beginning is looked for: hostile texts are full of marks.
constexpr size_t kLookBack = 256;

bool IsAlnum(char c) { return IsDigit(c) || IsAlpha(c); }
bool IsBase64Url(char c) { return IsAlnum(c) || c == '-' || c == '_'; }
bool IsTokenChar(char c) {
  return IsBase64Url(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
}

constexpr std::array<bool, 256> MakeSet(std::string_view characters) {
  std::array<bool, 256> set{};
  for (const char c : characters) set[static_cast<uint8_t>(c)] = true;
  return set;
}
// The characters at which a secret may be recognised; everything else is passed over.
constexpr std::array<bool, 256> kTriggers = MakeSet(". +%@=KS");
// A text without any of these holds no secret for sure: most have none. They are the triggers, but
// for a web token the J of its "eyJ", because dots are everywhere.
constexpr std::array<bool, 256> kSuspects = MakeSet("J +%@=KS");

template <typename Predicate>
size_t RunEnd(std::string_view text, size_t from, Predicate in_run) {
  while (from < text.size() && in_run(text[from])) ++from;
  return from;
}

template <typename Predicate>
size_t RunBegin(std::string_view text, size_t from, Predicate in_run) {
  while (from > 0 && in_run(text[from - 1])) --from;
  return from;
}

// header "." payload ["." signature], seen from its first dot.
std::optional<Secret> WebToken(std::string_view text, size_t dot) {
  const size_t run = RunBegin(text, dot, IsBase64Url);
  const size_t begin = text.substr(0, dot).find("eyJ", run);
  if (begin == std::string_view::npos || dot - begin < kMinTokenPart) return std::nullopt;
  size_t end = RunEnd(text, dot + 1, IsBase64Url);
  if (end - dot - 1 < kMinTokenPart) return std::nullopt;
  if (end < text.size() && text[end] == '.') end = RunEnd(text, end + 1, IsBase64Url);
  return Secret{begin, end, kRedacted};
}

bool EndsWithWord(std::string_view text, std::string_view lower_word) {
  if (text.size() < lower_word.size()) return false;
  const std::string_view tail = text.substr(text.size() - lower_word.size());
  return std::equal(tail.begin(), tail.end(), lower_word.begin(),
                    [](char a, char b) { return ToLower(a) == b; });
}

// "Bearer <token>", seen from the blank. Basic credentials are whole groups of base64: a sentence
// about "basic things" is not touched.
std::optional<Secret> Credentials(std::string_view text, size_t blank) {
  const std::string_view before = text.substr(0, blank);
  const bool bearer = EndsWithWord(before, "bearer");
  if (!bearer && !EndsWithWord(before, "basic")) return std::nullopt;
  const size_t width = text[blank] == '%' ? 3 : 1;
  if (width == 3 && text.substr(blank, width) != "%20") return std::nullopt;
  const size_t begin = RunEnd(text, blank + width, [](char c) { return c == ' '; });
  const size_t end = RunEnd(text, begin, IsTokenChar);
  if (end - begin < kMinCredential) return std::nullopt;
  if (!bearer && (end - begin) % 4 != 0) return std::nullopt;
  return Secret{begin, end, kRedacted};
}

// "AKIA" or "ASIA" and sixteen more, seen from the second letter.
std::optional<Secret> AwsKey(std::string_view text, size_t second) {
  if (second == 0 || text[second - 1] != 'A' || text.substr(second + 1, 2) != "IA")
    return std::nullopt;
  const size_t end = RunEnd(text, second - 1, [](char c) { return IsUpper(c) || IsDigit(c); });
  if (end - (second - 1) < 4 + kAwsKeyTail) return std::nullopt;
  return Secret{second - 1, end, kRedacted};
}

// "//user:password@", seen from its first '@'; the password may hold more of them.
std::optional<Secret> UserInfo(std::string_view text, size_t at) {
  const size_t window = at - std::min(at, kLookBack);
  const size_t slashes = text.substr(window, at - window).rfind("//");
  if (slashes == std::string_view::npos) return std::nullopt;
  const size_t begin = window + slashes + 2;
  const size_t authority_end = std::min(text.find_first_of("/?# ", begin), text.size());
  if (authority_end < at) return std::nullopt;
  const size_t end = text.substr(0, authority_end).rfind('@');
  const std::string_view inside = text.substr(begin, end - begin);
  if (inside.empty() || inside == "REDACTED:REDACTED") return std::nullopt;
  return Secret{begin, end, "REDACTED:REDACTED"};
}

// "name=value", seen from its '='.
std::optional<Secret> Parameter(std::string_view text, size_t equals, bool query) {
  const size_t window = equals - std::min(equals, kLookBack);
  const std::string_view before = text.substr(window, equals - window);
  const size_t separator = before.find_last_of("?&;");
  if (separator == std::string_view::npos && !query) return std::nullopt;
  if (!IsSecretName(separator == std::string_view::npos ? before : before.substr(separator + 1))) {
    return std::nullopt;
  }
  const size_t end = std::min(text.find_first_of("&;# ", equals + 1), text.size());
  const std::string_view value = text.substr(equals + 1, end - equals - 1);
  if (value.empty() || value == kRedacted) return std::nullopt;
  return Secret{equals + 1, end, kRedacted};
}

std::optional<Secret> SecretAt(std::string_view text, size_t at, bool query) {
  switch (text[at]) {
    case '.': return WebToken(text, at);
    case ' ':
    case '+':
    case '%': return Credentials(text, at);
    case '@': return UserInfo(text, at);
    case '=': return Parameter(text, at, query);
    default: return AwsKey(text, at);
  }
}

}  // namespace

bool MayHoldSecret(std::string_view text) {
  bool may = false;
  for (const char c : text) may |= kSuspects[static_cast<uint8_t>(c)];
  return may;
}

std::optional<Secret> FindSecret(std::string_view text, size_t from, bool query) {
  for (size_t i = from; i < text.size(); ++i) {
    if (!kTriggers[static_cast<uint8_t>(text[i])]) continue;
    const auto secret = SecretAt(text, i, query);
    if (secret && secret->begin >= from) return secret;
  }
  return std::nullopt;
}

}  // namespace spanwire::trace
