// SPDX-License-Identifier: Apache-2.0
#include "agent/app/arguments.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "agent/app/suggest.h"

namespace spanwire::app {
namespace {

struct ShortFlag {
  char letter = 0;
  std::string_view name;
};
constexpr std::array<ShortFlag, 3> kShortFlags{{{'n', "limit"}, {'o', "output"}, {'p', "pid"}}};

std::string_view LongNameOf(char letter) {
  const auto* found = std::ranges::find(kShortFlags, letter, &ShortFlag::letter);
  return found == kShortFlags.end() ? std::string_view() : found->name;
}

// Walks over the arguments; one call of Take() a time.
class Splitter {
 public:
  Splitter(std::span<const std::string> arguments, std::span<const std::string> known)
      : arguments_(arguments), known_(known) {}

  Result<Arguments> Run() {
    while (next_ < arguments_.size()) {
      const std::string& argument = arguments_[next_++];
      if (argument == "--") break;
      SPANWIRE_RETURN_IF_ERROR(Take(argument));
    }
    for (; next_ < arguments_.size(); ++next_) result_.words.push_back(arguments_[next_]);
    return std::move(result_);
  }

 private:
  Result<> Take(const std::string& argument) {
    if (argument.starts_with("--")) return TakeLong(argument);
    if (argument.starts_with("-") && argument.size() > 1) return TakeShort(argument);
    result_.words.push_back(argument);
    return {};
  }

  Result<> TakeLong(const std::string& argument) {
    const size_t equals = argument.find('=');
    std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
    std::ranges::replace(name, '_', '-');
    if (name == "help") return Switch(result_.full_help, argument, equals);
    if (name == "version") return Switch(result_.version, argument, equals);
    if (std::ranges::find(known_, name) == known_.end()) return Unknown("--" + name, name);
    if (equals != std::string::npos) return Add(name, argument.substr(equals + 1), "--" + name);
    return AddNext(name, "--" + name);
  }

  Result<> TakeShort(const std::string& argument) {
    if (argument == "-h") return Switch(result_.brief_help, argument, std::string::npos);
    const std::string single_dash = argument.substr(1, argument.find('=') - 1);
    const std::string name(LongNameOf(argument[1]));
    const bool known_long = std::ranges::find(known_, single_dash) != known_.end();
    if (name.empty() || known_long) return Unknown("-" + single_dash, single_dash);
    const std::string source = argument.substr(0, 2);
    if (argument.size() == 2) return AddNext(name, source);
    return Add(name, argument.substr(argument[2] == '=' ? 3 : 2), source);
  }

  static Result<> Switch(bool& flag, const std::string& argument, size_t equals) {
    if (equals != std::string::npos) return Error{argument.substr(0, equals) + " takes no value"};
    flag = true;
    return {};
  }

  Result<> AddNext(const std::string& name, const std::string& source) {
    if (next_ == arguments_.size()) return Error{source + " needs a value"};
    const std::string& value = arguments_[next_];
    // "-" alone stands for stdout; what else begins with a dash is the next flag.
    if (value.starts_with('-') && value != "-") return Error{source + " needs a value"};
    ++next_;
    return Add(name, value, source);
  }

  Result<> Add(std::string name, std::string value, std::string source) {
    if (value.empty()) return Error{source + " needs a value"};
    result_.settings.push_back({std::move(name), std::move(value), std::move(source)});
    return {};
  }

  Result<> Unknown(const std::string& as_typed, const std::string& name) const {
    std::string message = "unknown flag " + as_typed;
    const std::vector<std::string> switches{"help", "version"};
    std::string_view near = Suggest(name, known_);
    if (near.empty()) near = Suggest(name, switches);
    if (!near.empty()) message += "; did you mean --" + std::string(near) + "?";
    return Error{message};
  }

  std::span<const std::string> arguments_;
  std::span<const std::string> known_;
  size_t next_ = 0;
  Arguments result_;
};

}  // namespace

Result<Arguments> SplitArguments(std::span<const std::string> arguments,
                                 std::span<const std::string> known) {
  return Splitter(arguments, known).Run();
}

}  // namespace spanwire::app
