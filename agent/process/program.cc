// SPDX-License-Identifier: Apache-2.0
#include "agent/process/program.h"

#include <algorithm>
#include <array>

#include "agent/process/text.h"

namespace spanwire::process {
namespace {

constexpr size_t kMaxName = 255;
constexpr size_t kMaxTitle = 64;

using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 14> kJavaValues{"-cp",
                                                       "-classpath",
                                                       "--class-path",
                                                       "-p",
                                                       "--module-path",
                                                       "--add-modules",
                                                       "--add-exports",
                                                       "--add-opens",
                                                       "--add-reads",
                                                       "--patch-module",
                                                       "--upgrade-module-path",
                                                       "--limit-modules",
                                                       "-d",
                                                       "--enable-native-access"};
constexpr std::array<std::string_view, 2> kJavaNames{"-m", "--module"};
constexpr std::array<std::string_view, 3> kPythonValues{"-W", "-X", "--check-hash-based-pycs"};
constexpr std::array<std::string_view, 1> kPythonNames{"-m"};
constexpr std::array<std::string_view, 1> kPythonCode{"-c"};
constexpr std::array<std::string_view, 9> kNodeValues{
    "-r", "--require",    "--import",   "--loader", "--experimental-loader",
    "-C", "--conditions", "--env-file", "--title"};
constexpr std::array<std::string_view, 5> kNodeCode{"-e", "--eval", "-p", "--print", "-pe"};
constexpr std::array<std::string_view, 6> kRubyValues{"-I", "-r", "-C", "-E", "-x", "-W"};
constexpr std::array<std::string_view, 2> kRubyCode{"-e", "-E"};
constexpr std::array<std::string_view, 5> kPhpValues{"-c", "-d", "-S", "-t", "-z"};
constexpr std::array<std::string_view, 2> kPhpCode{"-r", "-B"};
constexpr std::array<std::string_view, 1> kPhpNames{"-f"};
constexpr std::array<std::string_view, 2> kPerlValues{"-I", "-M"};
constexpr std::array<std::string_view, 1> kRun{"run"};
constexpr std::array<std::string_view, 1> kExec{"exec"};

// How an interpreter's command line is read.
struct Interpreter {
  std::string_view name;     // of its executable, versions left out: "python" is also python3.11
  Words options_with_value;  // the next argument belongs to them
  Words options_with_name;   // the next argument is the program's name itself
  Words options_with_code;   // the program stands in the arguments: it has no name
  Words commands;            // words before the program that do not name it
  std::string_view suffix;   // of its programs
};
constexpr std::array<Interpreter, 9> kInterpreters{{
    {"java", kJavaValues, kJavaNames, {}, {}, ".jar"},
    {"python", kPythonValues, kPythonNames, kPythonCode, {}, ".py"},
    {"node", kNodeValues, {}, kNodeCode, {}, ".js"},
    {"ruby", kRubyValues, {}, kRubyCode, {}, ".rb"},
    {"php", kPhpValues, kPhpNames, kPhpCode, {}, ".php"},
    {"perl", kPerlValues, {}, kRubyCode, {}, ".pl"},
    {"bun", {}, {}, kNodeCode, kRun, ".js"},
    {"deno", {}, {}, {}, kRun, ".ts"},
    {"dotnet", {}, {}, {}, kExec, ".dll"},
}};

bool Contains(Words words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// "python3.11" is "python", "php8.2" is "php", "ruby2.7" is "ruby", "nodejs" is "node".
std::string_view WithoutVersion(std::string_view executable) {
  if (executable == "nodejs") return "node";
  while (!executable.empty() &&
         std::string_view("0123456789.").find(executable.back()) != std::string_view::npos) {
    executable.remove_suffix(1);
  }
  return executable;
}

const Interpreter* Find(std::string_view executable) {
  const auto* found =
      std::ranges::find(kInterpreters, WithoutVersion(executable), &Interpreter::name);
  return found == kInterpreters.end() ? nullptr : found;
}

// Names that say nothing: the directory above them does.
bool IsGeneric(std::string_view name) {
  constexpr std::array<std::string_view, 5> kGeneric{"index", "main", "__main__", "cli", ""};
  return Contains(kGeneric, name);
}

bool IsLayout(std::string_view directory) {
  constexpr std::array<std::string_view, 10> kLayout{"src", "dist", "lib", "bin", "build",
                                                     "out", "app",  ".",   "..",  ""};
  return Contains(kLayout, directory);
}

std::string_view WithoutSuffix(std::string_view name, std::string_view suffix) {
  constexpr std::array<std::string_view, 5> kScripts{".mjs", ".cjs", ".ts", ".pyc", ".js"};
  if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  for (const auto script : kScripts) {
    if (name.ends_with(script)) return name.substr(0, name.size() - script.size());
  }
  return name;
}

// "shop-1.2.3-SNAPSHOT" is "shop": a release must not change the service's name.
std::string_view WithoutRelease(std::string_view name) {
  for (size_t dash = name.find('-', 1); dash != std::string_view::npos;
       dash = name.find('-', dash + 1)) {
    const bool digit = dash + 1 < name.size() && name[dash + 1] >= '0' && name[dash + 1] <= '9';
    if (digit) return name.substr(0, dash);
  }
  return name;
}

// The name of the program at `path`: its base name, or the nearest directory that means something.
std::string_view NameOfPath(std::string_view path, std::string_view suffix) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const std::string_view name = WithoutSuffix(BaseName(path), suffix);
  if (!IsGeneric(name) && name != ".") return name;
  std::string_view rest = path;
  while (rest.find('/') != std::string_view::npos) {
    rest = rest.substr(0, rest.rfind('/'));
    if (!IsLayout(BaseName(rest))) return BaseName(rest);
  }
  return IsGeneric(name) && name.size() > 1 ? name : std::string_view();
}

// "gunicorn: master [shop]", "puma 5.6.4 (tcp://…) [shop]": the first word, where the program wrote
// its title over the arguments. A path or the interpreter itself is no title.
std::string_view TitleOf(const Interpreter& interpreter, std::string_view first) {
  const size_t end = first.find_first_of(" :");
  if (end == std::string_view::npos || end == 0 || end > kMaxTitle) return {};
  const std::string_view word = first.substr(0, end);
  const bool plain = std::ranges::all_of(word, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '.';
  });
  return plain && WithoutVersion(word) != interpreter.name ? word : std::string_view();
}

// A main class or a module is a name as it stands; "module/class" names the module first.
std::string_view NameOfOption(std::string_view value) {
  return BaseName(value.substr(0, value.find('/')));
}

std::string_view Search(const Interpreter& interpreter, std::span<const std::string> arguments) {
  const bool java = interpreter.name == "java";
  for (size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const bool has_next = i + 1 < arguments.size();
    const std::string_view next = has_next ? std::string_view(arguments[i + 1]) : "";
    if (Contains(interpreter.options_with_code, argument)) return {};
    if (java && argument == "-jar") return WithoutRelease(NameOfPath(next, ".jar"));
    if (interpreter.name == "php" && argument == "-f") return NameOfPath(next, ".php");
    if (Contains(interpreter.options_with_name, argument)) return NameOfOption(next);
    if (Contains(interpreter.options_with_value, argument)) {
      ++i;
      continue;
    }
    const bool option = argument.starts_with('-') || (java && argument.starts_with('@'));
    if (option || argument.empty() || Contains(interpreter.commands, argument)) continue;
    return java ? argument : NameOfPath(argument, interpreter.suffix);
  }
  return {};
}

}  // namespace

std::string ProgramName(std::string_view executable, std::span<const std::string> arguments) {
  const Interpreter* interpreter = Find(executable);
  if (interpreter == nullptr || arguments.empty()) return {};
  const std::string_view title = TitleOf(*interpreter, arguments.front());
  return CleanText(title.empty() ? Search(*interpreter, arguments) : title, kMaxName);
}

}  // namespace spanwire::process
