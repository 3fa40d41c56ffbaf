// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/redis/describe.h"

#include <algorithm>
#include <array>
#include <span>

#include "agent/model/conventions.h"

namespace spanwire::protocol::redis {
namespace {

namespace key = model::key;

constexpr std::string_view kUnknownName = "_OTHER";
constexpr size_t kMaxProcedure = 64;
constexpr size_t kMaxWord = 128;
constexpr size_t kMaxText = 1024;
constexpr size_t kMaxMarks = 16;  // of arguments that are not shown
constexpr size_t kMaxPrefix = 32;

bool IsSecret(Command command, std::string_view subcommand) {
  if (command == Command::kSecret) return true;
  // CONFIG SET requirepass, ACL SETUSER, SENTINEL SET, …
  return command == Command::kContainer &&
         (EqualsUpper(subcommand, "SET") || EqualsUpper(subcommand, "SETUSER") ||
          EqualsUpper(subcommand, "LOADEX"));
}

bool IsProcedureName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxProcedure && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
}

bool IsPlainWord(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != '\\';
  });
}

// Prefixes are words in capitals. Scripts may return anything as an error.
std::string_view PrefixOf(std::string_view line) {
  const auto in_prefix = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  const std::string_view text = line.substr(std::min<size_t>(1, line.size()));
  const auto end = std::ranges::find_if_not(text, in_prefix);
  const auto prefix = text.substr(0, static_cast<size_t>(end - text.begin()));
  const bool ends = end == text.end() || *end == ' ' || *end == '\r';
  return ends && prefix.size() <= kMaxPrefix ? prefix : std::string_view();
}

}  // namespace

void Describer::Request(const Arguments& arguments, Command command, model::Message& message) {
  model::AttributeList& attributes = message.attributes;
  message.kind = model::MessageKind::kRequest;
  attributes.Add(key::kDbSystemName, "redis");
  const size_t named = SetName(arguments, command, message);
  attributes.Add(key::kDbOperationName, message.name);
  const bool raw =
      query_text_ == QueryText::kRaw && !IsSecret(command, named > 1 ? arguments.At(1) : "");
  if (query_text_ != QueryText::kOff) SetText(arguments, named, raw, message);
  if (command == Command::kProcedure && IsProcedureName(arguments.At(1))) {
    attributes.Add(key::kDbStoredProcedure, arguments.At(1));
  }
}

// Returns how many words the name has.
size_t Describer::SetName(const Arguments& arguments, Command command,
                          model::Message& message) const {
  const bool shown = command != Command::kUnknown || query_text_ == QueryText::kRaw;
  const bool is_name = MayBeCommandName(arguments.At(0)) && !arguments.At(0).empty();
  message.name.assign(shown && is_name ? arguments.At(0) : kUnknownName);
  const bool container = command == Command::kContainer || command == Command::kClient;
  if (!container || !IsSubcommand(arguments.At(1))) return 1;
  message.name += ' ';
  message.name += arguments.At(1);
  return 2;
}

void Describer::SetText(const Arguments& arguments, size_t named, bool raw,
                        model::Message& message) {
  text_.assign(message.name);
  const uint64_t hidden = arguments.count() - std::min<uint64_t>(named, arguments.count());
  if (raw) {
    for (const auto& word : arguments.kept().subspan(std::min(named, arguments.kept().size()))) {
      if (text_.size() >= kMaxText) break;
      text_ += ' ';
      AppendQuoted(word.text.substr(0, kMaxWord));
      if (!word.whole || word.text.size() > kMaxWord) text_ += "...";
    }
    if (arguments.kept().size() < arguments.count()) text_ += " ...";
  } else {
    for (uint64_t i = 0; i < std::min<uint64_t>(hidden, kMaxMarks); ++i) text_ += " ?";
    if (hidden > kMaxMarks) text_ += " ...";
  }
  message.attributes.Add(key::kDbQueryText, text_);
}

// As redis-cli writes a word.
void Describer::AppendQuoted(std::string_view word) {
  if (IsPlainWord(word)) {
    text_ += word;
    return;
  }
  static constexpr std::string_view kDigits = "0123456789abcdef";
  text_ += '"';
  for (const char c : word) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (byte >= 0x20 && byte < 0x7f) {
      text_ += c;
    } else {
      text_ += "\\x";
      text_ += kDigits[byte >> 4];
      text_ += kDigits[byte & 15];
    }
  }
  text_ += '"';
}

bool IsBlocking(const Arguments& arguments, Command command) {
  if (command == Command::kBlocking) return true;
  if (command != Command::kStreamRead) return false;
  return std::ranges::any_of(arguments.kept(), [](const Arguments::Word& word) {
    return word.whole && EqualsUpper(word.text, "BLOCK");
  });
}

void DescribeError(std::string_view line, model::Message& message) {
  message.client_outcome = model::Outcome::kError;
  message.server_outcome = model::Outcome::kError;
  const std::string_view prefix = PrefixOf(line);
  if (prefix.empty()) return;
  message.attributes.Set(key::kDbResponseStatusCode, prefix);
  message.error_type.assign(prefix);
}

}  // namespace spanwire::protocol::redis
