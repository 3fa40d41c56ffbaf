// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/url.h"

#include <algorithm>

#include "agent/base/percent.h"
#include "agent/base/secret_name.h"
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
      if (c != '=' || !IsSecretName(text_.substr(key_begin, at - key_begin))) continue;
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

std::string_view RedactQuery(std::string_view query, std::string& scratch) {
  if (query.find('=') == kNone && query.find('%') == kNone) return query;
  return Redaction(query, kQuery, scratch).Run();
}

std::string_view RedactPath(std::string_view path, std::string& scratch) {
  if (path.find(';') == kNone) return path;
  return Redaction(path, kPath, scratch).Run();
}

}  // namespace spanwire::protocol::http1
