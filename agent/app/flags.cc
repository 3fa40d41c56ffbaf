// SPDX-License-Identifier: Apache-2.0
#include "agent/app/flags.h"

#include <gflags/gflags.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>

#include "agent/app/arguments.h"
#include "agent/app/flag_values.h"
#include "agent/app/suggest.h"

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): the library's way to declare
// flags.
DEFINE_string(port, "", "only connections with one of these ports, local or remote");
DEFINE_string(pid, "", "only these processes");
DEFINE_string(comm, "", "only processes with one of these names (the first 15 bytes count)");
DEFINE_string(tier, "auto",
              "kernel hooks: 1 socket tracepoints (Linux 6.3), 2 fexit (6.1), 3 system calls; "
              "auto takes the best that works");
DEFINE_string(ring_size, "4MiB", "ring buffer between kernel and agent, a power of two");
DEFINE_string(capture_bytes, "256KiB", "bytes copied of each turn of a new connection");
DEFINE_string(datagrams, "off",
              "on: records of UDP datagrams too, which no protocol reads yet; off");
DEFINE_string(proc_root, "/", "the traced host's root directory, e.g. /host in a container");
DEFINE_string(memory_limit, "64MiB", "bytes of unfinished messages kept, over all connections");
DEFINE_string(shards, "0",
              "threads that follow connections; 0: a quarter of the processors, 1 to 8");
DEFINE_string(request_timeout, "30s", "a request unanswered for this long ends as an error");
DEFINE_string(db_query_text, "normalized",
              "text of SQL and the like: normalized (literals become ?), raw (less what looks "
              "like a secret) or off");
DEFINE_string(idle_timeout, "10m", "a connection silent for this long is forgotten; 0 never");
DEFINE_string(output, "", "text (the default) or json; for record the file to write");
DEFINE_string(color, "auto", "auto, always or never; auto heeds NO_COLOR, CLICOLOR_FORCE and TERM");
DEFINE_string(limit, "0", "stop after this many requests; 0 never");
DEFINE_string(for, "0", "stop after this time; 0 never");
DEFINE_string(otlp_file, "", "write spans to this file; - is stdout");
DEFINE_string(otlp_file_format, "json", "json (one object a line) or proto (length-delimited)");
DEFINE_string(otlp_endpoint, "", "send spans to this collector, e.g. http://localhost:4317");
DEFINE_string(otlp_protocol, "", "grpc, http/protobuf or http/json; else chosen by the port");
DEFINE_string(otlp_compression, "", "gzip or none");
DEFINE_string(stats_file, "", "keep the loss ledger in this file");
DEFINE_string(stats_interval, "1s", "how often the loss ledger is written");
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

namespace spanwire::app {
namespace {

constexpr VerbSet kLive = SetOf(Verb::kTail) | SetOf(Verb::kDaemon) | SetOf(Verb::kRecord);
constexpr VerbSet kSpans = SetOf(Verb::kTail) | SetOf(Verb::kDaemon) | SetOf(Verb::kReplay);
constexpr VerbSet kRuns = kLive | kSpans;
constexpr VerbSet kShows = SetOf(Verb::kTail) | SetOf(Verb::kReplay) | SetOf(Verb::kDoctor);

// What the flag library has no place for. `name` is the library's, with underscores.
struct FlagTraits {
  const char* name = nullptr;
  std::string_view letter;
  std::string_view argument;
  std::string_view group;
  VerbSet verbs = 0;
  std::string_view standard;
};

constexpr auto kFlags = std::to_array<FlagTraits>({
    {"port", "", "LIST", "Filters", kLive, ""},
    {"pid", "p", "LIST", "Filters", kLive, ""},
    {"comm", "", "LIST", "Filters", kLive, ""},
    {"output", "o", "FORMAT|FILE", "Output", kShows | SetOf(Verb::kRecord), ""},
    {"color", "", "WHEN", "Output", kShows, ""},
    {"limit", "n", "N", "Output", SetOf(Verb::kTail), ""},
    {"for", "", "TIME", "Output", kLive, ""},
    {"otlp_file", "", "PATH", "Export", kSpans, ""},
    {"otlp_file_format", "", "FORMAT", "Export", kSpans, ""},
    {"otlp_endpoint", "", "URL", "Export", kSpans, "OTEL_EXPORTER_OTLP_ENDPOINT"},
    {"otlp_protocol", "", "NAME", "Export", kSpans, "OTEL_EXPORTER_OTLP_PROTOCOL"},
    {"otlp_compression", "", "NAME", "Export", kSpans, "OTEL_EXPORTER_OTLP_COMPRESSION"},
    {"stats_file", "", "PATH", "Statistics", kRuns, ""},
    {"stats_interval", "", "TIME", "Statistics", kRuns, ""},
    {"tier", "", "N", "Capture", kLive, ""},
    {"ring_size", "", "SIZE", "Capture", kLive, ""},
    {"capture_bytes", "", "SIZE", "Capture", kLive, ""},
    {"datagrams", "", "WHAT", "Capture", kLive, ""},
    {"proc_root", "", "DIR", "Capture", kLive | SetOf(Verb::kDoctor), ""},
    {"memory_limit", "", "SIZE", "Pipeline", kSpans, ""},
    {"shards", "", "N", "Pipeline", kSpans, ""},
    {"request_timeout", "", "TIME", "Pipeline", kSpans, ""},
    {"idle_timeout", "", "TIME", "Pipeline", kSpans, ""},
    {"db_query_text", "", "WHAT", "Pipeline", kSpans, ""},
});

std::string Dashed(std::string_view name) {
  std::string dashed(name);
  std::ranges::replace(dashed, '_', '-');
  return dashed;
}

std::string VariableOf(const FlagTraits& flag) {
  // A format in the environment would turn the file of `record -o` into a file of that name.
  if (std::string_view(flag.name) == "output") return {};
  std::string variable = "SPANWIRE_" + std::string(flag.name);
  for (char& letter : variable) letter = static_cast<char>(std::toupper(letter));
  return variable;
}

bool IsList(std::string_view name) { return name == "port" || name == "pid" || name == "comm"; }

// "tail, daemon and record".
std::string NamesOf(VerbSet verbs) {
  std::vector<std::string_view> names;
  for (const auto& info : Verbs()) {
    if (verbs & SetOf(info.verb)) names.push_back(info.name);
  }
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

Result<> CheckVerb(Verb verb, std::span<const Setting> settings) {
  for (const auto& setting : settings) {
    const auto* flag =
        std::ranges::find(kFlags, setting.name, [](const FlagTraits& f) { return Dashed(f.name); });
    if (flag->verbs & SetOf(verb)) continue;
    std::string message(InfoOf(verb).name);
    message.append(" has no flag ").append(setting.source);
    message.append("; it is for ").append(NamesOf(flag->verbs));
    return Error{message};
  }
  return {};
}

// The variables that the command line leaves open, as if they had been typed.
std::vector<Setting> FromEnvironment(const CommandLine& command_line, Verb verb,
                                     std::span<const Setting> typed) {
  std::vector<Setting> settings;
  for (const auto& flag : kFlags) {
    const std::string variable = VariableOf(flag);
    const std::string name = Dashed(flag.name);
    const bool is_typed = std::ranges::find(typed, name, &Setting::name) != typed.end();
    if (is_typed || variable.empty() || !(flag.verbs & SetOf(verb))) continue;
    auto value = command_line.environment(variable);
    if (value && !value->empty()) settings.push_back({name, *std::move(value), variable});
  }
  return settings;
}

// Lets the library hold the values while they are read, and leaves it as it was before.
FlagValues Weigh(std::span<const Setting> settings) {
  const gflags::FlagSaver saver;
  FlagValues values;
  for (const auto& flag : kFlags) {
    std::string source = "--" + Dashed(flag.name);
    for (const auto& setting : settings) {
      if (setting.name != Dashed(flag.name)) continue;
      std::string text;
      if (IsList(flag.name)) gflags::GetCommandLineOption(flag.name, &text);
      if (!text.empty()) text += ',';
      text += setting.value;
      gflags::SetCommandLineOption(flag.name, text.c_str());
      source = setting.source;
    }
    std::string text;
    gflags::GetCommandLineOption(flag.name, &text);
    values[Dashed(flag.name)] = {std::move(text), std::move(source)};
  }
  return values;
}

Result<Verb> VerbOf(const std::string& word) {
  if (const auto verb = FindVerb(word)) return *verb;
  std::vector<std::string> names;
  for (const auto& info : Verbs()) names.emplace_back(info.name);
  std::string message = "unknown verb \"" + word + "\"";
  const std::string_view near = Suggest(word, names);
  if (!near.empty()) return Error{message + "; did you mean " + std::string(near) + "?"};
  return Error{message + "; `spanwire help` lists them"};
}

Result<Verb> ChooseVerb(const CommandLine& command_line, const Arguments& arguments) {
  if (!arguments.words.empty()) return VerbOf(arguments.words.front());
  if (command_line.stdout_is_terminal) return Verb::kTail;
  return Error{"name a verb, e.g. `spanwire tail`; `spanwire help` lists them"};
}

// What `-h`, `--help`, `--version` and the verbs without flags of their own ask for.
Result<std::optional<Options>> AnswerAtOnce(const Arguments& arguments) {
  const bool asks_help = arguments.brief_help || arguments.full_help;
  if (!asks_help && !arguments.version) return std::optional<Options>();
  Options options;
  options.verb = asks_help ? Verb::kHelp : Verb::kVersion;
  options.help.brief = !arguments.full_help;
  if (asks_help && !arguments.words.empty()) {
    const auto topic = VerbOf(arguments.words.front());
    if (!topic) return topic.error();
    options.help.topic = *topic;
  }
  return std::optional(std::move(options));
}

// Takes the words after the verb: the file of replay, the topic of help.
Result<> TakeWords(std::span<const std::string> words, Options& options) {
  const VerbInfo& info = InfoOf(options.verb);
  const std::string name(info.name);
  const size_t allowed = info.argument.empty() ? 0 : 1;
  if (words.size() > allowed) {
    return Error{"unexpected \"" + words[allowed] + "\" after " + name + "; `spanwire help " +
                 name + "` shows its flags"};
  }
  if (options.verb == Verb::kReplay) {
    if (words.empty()) return Error{"replay needs the recording, e.g. `spanwire replay FILE`"};
    options.recording_path = words.front();
  }
  if (options.verb == Verb::kHelp && !words.empty()) {
    const auto topic = VerbOf(words.front());
    if (!topic) return topic.error();
    options.help.topic = *topic;
  }
  return {};
}

}  // namespace

std::vector<FlagInfo> ListFlags() {
  std::vector<FlagInfo> flags;
  for (const auto& flag : kFlags) {
    const auto declared = gflags::GetCommandLineFlagInfoOrDie(flag.name);
    flags.push_back({.name = Dashed(flag.name),
                     .letter = flag.letter,
                     .argument = flag.argument,
                     .group = flag.group,
                     .text = declared.description,
                     .default_value = declared.default_value,
                     .variable = VariableOf(flag),
                     .standard = flag.standard,
                     .verbs = flag.verbs});
  }
  return flags;
}

Result<Options> ParseCommandLine(const CommandLine& command_line) {
  std::vector<std::string> known;
  known.reserve(kFlags.size());
  for (const auto& flag : kFlags) known.push_back(Dashed(flag.name));
  auto arguments = SplitArguments(command_line.arguments, known);
  if (!arguments) return arguments.error();
  auto answer = AnswerAtOnce(*arguments);
  if (!answer) return answer.error();
  if (*answer) return **std::move(answer);

  const auto verb = ChooseVerb(command_line, *arguments);
  if (!verb) return verb.error();
  SPANWIRE_RETURN_IF_ERROR(CheckVerb(*verb, arguments->settings));
  std::vector<Setting> settings = FromEnvironment(command_line, *verb, arguments->settings);
  settings.insert(settings.end(), arguments->settings.begin(), arguments->settings.end());
  auto options = BuildOptions(*verb, Weigh(settings));
  if (!options) return options;
  const std::span<const std::string> words(arguments->words);
  SPANWIRE_RETURN_IF_ERROR(TakeWords(words.subspan(words.empty() ? 0 : 1), *options));
  return options;
}

Result<Options> ParseCommandLine(int argc, const char* const* argv) {
  const std::span<const char* const> all(argv, static_cast<size_t>(argc));
  const auto arguments = all.subspan(all.empty() ? 0 : 1);
  return ParseCommandLine(
      CommandLine{.arguments = {arguments.begin(), arguments.end()},
                  .environment = [](const std::string& name) -> std::optional<std::string> {
                    const char* value = std::getenv(name.c_str());
                    if (value == nullptr) return std::nullopt;
                    return std::string(value);
                  },
                  .stdout_is_terminal = isatty(STDOUT_FILENO) == 1});
}

}  // namespace spanwire::app
