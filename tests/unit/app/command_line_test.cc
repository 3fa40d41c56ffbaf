// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/app/flags.h"
#include "agent/app/help.h"

namespace spanwire::app {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Variables = std::map<std::string, std::string>;

std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

Result<Options> Parse(const std::string& text, const Variables& variables = {}) {
  return ParseCommandLine(
      CommandLine{.arguments = Words(text),
                  .environment = [&](const std::string& name) -> std::optional<std::string> {
                    const auto found = variables.find(name);
                    if (found == variables.end()) return std::nullopt;
                    return found->second;
                  }});
}

// The options of a command line that must be right.
Options Good(const std::string& text, const Variables& variables = {}) {
  auto options = Parse(text, variables);
  EXPECT_TRUE(options.has_value()) << text << ": " << (options ? "" : options.error().message);
  return options ? *options : Options{};
}

// The message of one that must be wrong.
std::string Bad(const std::string& text, const Variables& variables = {}) {
  const auto options = Parse(text, variables);
  EXPECT_FALSE(options.has_value()) << text;
  return options ? "" : options.error().message;
}

TEST(ParseCommandLine, Defaults) {
  const Options options = Good("tail");
  EXPECT_EQ(options.verb, Verb::kTail);
  EXPECT_THAT(options.capture.filters.ports, IsEmpty());
  EXPECT_EQ(options.capture.tier, std::nullopt);
  EXPECT_EQ(options.capture.ring_size_bytes, 4u << 20);
  EXPECT_EQ(options.capture.root_path, "/");
  EXPECT_EQ(options.pipeline.request_timeout, std::chrono::seconds(30));
  EXPECT_EQ(options.output.format, OutputFormat::kText);
  EXPECT_EQ(options.output.limit, 0);
  EXPECT_EQ(options.run_for.count(), 0);
  EXPECT_EQ(options.exports.otlp_file, "");
  EXPECT_EQ(options.exports.otlp_endpoint, std::nullopt);
  EXPECT_EQ(options.stats.interval, std::chrono::seconds(1));
}

TEST(ParseCommandLine, EveryFlagOfTail) {
  const Options options = Good(
      "tail --port 80 --pid=7 --comm curl --tier 3 --ring-size 64KiB --capture-bytes 1KiB "
      "--datagrams on --proc-root /host --memory-limit 8MiB --shards 3 --request-timeout 5s "
      "--idle-timeout 0 "
      "-o json --color never --limit 9 --for 2m --otlp-file f --otlp-file-format proto "
      "--otlp-endpoint http://c:4317 --otlp-protocol grpc --otlp-compression gzip "
      "--stats-file s --stats-interval 100ms");
  EXPECT_THAT(options.capture.filters.ports, ElementsAre(80));
  EXPECT_THAT(options.capture.filters.pids, ElementsAre(7));
  EXPECT_THAT(options.capture.filters.comms, ElementsAre("curl"));
  EXPECT_EQ(options.capture.tier, 3);
  EXPECT_EQ(options.capture.ring_size_bytes, 65536);
  EXPECT_EQ(options.capture.capture_size_bytes, 1024);
  EXPECT_TRUE(options.capture.datagrams);
  EXPECT_EQ(options.capture.root_path, "/host");
  EXPECT_EQ(options.pipeline.memory_limit_bytes, 8u << 20);
  EXPECT_EQ(options.pipeline.shards, 3u);
  EXPECT_EQ(options.pipeline.request_timeout, std::chrono::seconds(5));
  EXPECT_EQ(options.pipeline.idle_timeout.count(), 0);
  EXPECT_EQ(options.output.format, OutputFormat::kJson);
  EXPECT_EQ(options.output.color, ColorMode::kNever);
  EXPECT_EQ(options.output.limit, 9);
  EXPECT_EQ(options.run_for, std::chrono::minutes(2));
  EXPECT_EQ(options.exports.otlp_file, "f");
  EXPECT_EQ(options.exports.otlp_file_format, FileFormat::kProto);
  EXPECT_EQ(options.exports.otlp_endpoint, "http://c:4317");
  EXPECT_EQ(options.exports.otlp_protocol, "grpc");
  EXPECT_EQ(options.exports.otlp_compression, "gzip");
  EXPECT_EQ(options.stats.path, "s");
  EXPECT_EQ(options.stats.interval, std::chrono::milliseconds(100));
}

TEST(ParseCommandLine, ListsAddUpAndTheLastOfOthersCounts) {
  const Options options =
      Good("daemon --port 80,443 --port=8080 -p 1 -p2 --pid 3,4 --otlp-file a --otlp-file b");
  EXPECT_THAT(options.capture.filters.ports, ElementsAre(80, 443, 8080));
  EXPECT_THAT(options.capture.filters.pids, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(options.exports.otlp_file, "b");
}

TEST(ParseCommandLine, CallsDoNotSeeEachOther) {
  Good("tail --port 80");
  EXPECT_THAT(Good("tail --port 81").capture.filters.ports, ElementsAre(81));
  EXPECT_THAT(Good("tail").capture.filters.ports, IsEmpty());
}

TEST(ParseCommandLine, FlagsMayStandAnywhereAndUseUnderscores) {
  EXPECT_EQ(Good("--otlp_file x daemon").exports.otlp_file, "x");
  EXPECT_EQ(Good("replay --otlp-file x -- file").recording_path, "file");
  EXPECT_EQ(Good("daemon --otlp-file -").exports.otlp_file, "-");
}

TEST(ParseCommandLine, NamesAreCutAsTheKernelCutsThem) {
  EXPECT_THAT(Good("tail --comm a-very-long-process-name").capture.filters.comms,
              ElementsAre("a-very-long-pro"));
}

TEST(ParseCommandLine, RecordAndReplayNeedTheirFile) {
  EXPECT_EQ(Good("record -o a.spanwire").recording_path, "a.spanwire");
  EXPECT_EQ(Good("record -oa.spanwire").recording_path, "a.spanwire");
  EXPECT_EQ(Good("record --output=json").recording_path, "json");
  EXPECT_EQ(Good("replay a.spanwire -o json").recording_path, "a.spanwire");
  EXPECT_THAT(Bad("record"), HasSubstr("record -o FILE"));
  EXPECT_THAT(Bad("replay"), HasSubstr("replay FILE"));
  EXPECT_THAT(Bad("replay a b"), HasSubstr("\"b\""));
}

TEST(ParseCommandLine, WithoutVerb) {
  EXPECT_THAT(Bad(""), HasSubstr("name a verb"));
  const auto on_terminal =
      ParseCommandLine(CommandLine{.arguments = {},
                                   .environment = [](const std::string&) { return std::nullopt; },
                                   .stdout_is_terminal = true});
  ASSERT_TRUE(on_terminal.has_value());
  EXPECT_EQ(on_terminal->verb, Verb::kTail);
}

TEST(ParseCommandLine, HelpAndVersion) {
  EXPECT_EQ(Good("-h").verb, Verb::kHelp);
  EXPECT_TRUE(Good("-h").help.brief);
  EXPECT_EQ(Good("-h").help.topic, std::nullopt);
  EXPECT_FALSE(Good("--help").help.brief);
  EXPECT_EQ(Good("help").verb, Verb::kHelp);
  EXPECT_FALSE(Good("help").help.brief);
  EXPECT_EQ(Good("help tail").help.topic, Verb::kTail);
  EXPECT_EQ(Good("record -h").help.topic, Verb::kRecord);
  EXPECT_EQ(Good("replay --help").help.topic, Verb::kReplay);
  EXPECT_EQ(Good("--version").verb, Verb::kVersion);
  EXPECT_EQ(Good("version").verb, Verb::kVersion);
  EXPECT_THAT(Bad("help tial"), HasSubstr("did you mean tail?"));
}

TEST(ParseCommandLine, DidYouMean) {
  EXPECT_THAT(Bad("tial"), HasSubstr("unknown verb \"tial\"; did you mean tail?"));
  EXPECT_THAT(Bad("tail --prot 80"), HasSubstr("unknown flag --prot; did you mean --port?"));
  EXPECT_THAT(Bad("tail --otlp-endpont=x"), HasSubstr("did you mean --otlp-endpoint?"));
  EXPECT_THAT(Bad("tail -port=80"), HasSubstr("unknown flag -port; did you mean --port?"));
  EXPECT_THAT(Bad("tail --hlep"), HasSubstr("did you mean --help?"));
  EXPECT_THAT(Bad("banana"), AllOf(HasSubstr("unknown verb"), Not(HasSubstr("did you mean"))));
  EXPECT_THAT(Bad("tail -x"), HasSubstr("unknown flag -x"));
  EXPECT_THAT(Bad("tail --flagfile=/etc/passwd"), HasSubstr("unknown flag --flagfile"));
}

TEST(ParseCommandLine, FlagsBelongToVerbs) {
  EXPECT_EQ(Bad("daemon --limit 3"), "daemon has no flag --limit; it is for tail");
  EXPECT_EQ(Bad("version --port 3"),
            "version has no flag --port; it is for tail, daemon and record");
  EXPECT_THAT(Bad("daemon extra"), HasSubstr("unexpected \"extra\""));
  EXPECT_THAT(Bad("tail --otlp-file -"), HasSubstr("stdout"));
}

TEST(ParseCommandLine, ValuesAreChecked) {
  for (const std::string text : {"--port 0",
                                 "--port 65536",
                                 "--port http",
                                 "--pid 0",
                                 "--pid -1",
                                 "--tier 4",
                                 "--tier one",
                                 "--ring-size 5000",
                                 "--ring-size 1K",
                                 "--ring-size 2G",
                                 "--capture-bytes 0",
                                 "--datagrams yes",
                                 "--memory-limit 1K",
                                 "--shards 65",
                                 "--shards -1",
                                 "--request-timeout 0",
                                 "--request-timeout 5",
                                 "--idle-timeout x",
                                 "-o xml",
                                 "--color yes",
                                 "--limit -1",
                                 "--for 1",
                                 "--for",
                                 "--otlp-file-format xml",
                                 "--otlp-endpoint ftp://x",
                                 "--otlp-endpoint http://a\tb",
                                 "--otlp-protocol http",
                                 "--otlp-compression zstd",
                                 "--stats-interval 50ms",
                                 "--port=",
                                 "--help=x",
                                 "--port --pid=1",
                                 "--port 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"}) {
    EXPECT_NE(Bad("tail " + text), "") << text;
  }
  EXPECT_THAT(Bad("tail --port 80,x"), AllOf(HasSubstr("--port"), HasSubstr("\"x\"")));
}

TEST(ParseCommandLine, TheEnvironmentFillsInWhatIsAbsent) {
  EXPECT_THAT(Good("tail", {{"SPANWIRE_PORT", "80,81"}}).capture.filters.ports,
              ElementsAre(80, 81));
  EXPECT_THAT(Good("tail --port 1", {{"SPANWIRE_PORT", "80"}}).capture.filters.ports,
              ElementsAre(1));
  EXPECT_EQ(Good("daemon", {{"SPANWIRE_OTLP_FILE", "f"}}).exports.otlp_file, "f");
  EXPECT_EQ(Good("tail", {{"SPANWIRE_LIMIT", ""}}).output.limit, 0);
  EXPECT_EQ(Good("daemon", {{"SPANWIRE_LIMIT", "x"}}).verb, Verb::kDaemon);
  EXPECT_EQ(Good("record -o f", {{"SPANWIRE_OUTPUT", "g"}}).recording_path, "f");
  EXPECT_THAT(Bad("tail", {{"SPANWIRE_PORT", "x"}}), testing::StartsWith("SPANWIRE_PORT: "));
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

TEST(HelpText, BriefPagesFitOnAScreen) {
  std::vector<HelpOptions> pages{{.brief = true, .topic = std::nullopt}};
  for (const auto& info : Verbs()) pages.push_back({.brief = true, .topic = info.verb});
  for (const auto& page : pages) {
    const auto lines = Lines(HelpText(page));
    EXPECT_LE(lines.size(), 24);
    EXPECT_EQ(std::ranges::count_if(lines,
                                    [](const auto& l) {
                                      return l.find("  spanwire ") == 0 || l.find("  sudo ") == 0;
                                    }),
              3);
    for (const auto& line : lines) EXPECT_LE(line.size(), 80) << line;
  }
}

TEST(HelpText, FullPagesNameEveryFlagOfTheVerb) {
  for (const auto& info : Verbs()) {
    const std::string page = HelpText({.brief = false, .topic = info.verb});
    for (const auto& flag : ListFlags()) {
      const bool takes = (flag.verbs & SetOf(info.verb)) != 0;
      EXPECT_EQ(page.find("  --" + flag.name + "=") != std::string::npos, takes)
          << info.name << ' ' << flag.name;
    }
  }
}

TEST(HelpText, TheWholePageHasEverything) {
  const std::string page = HelpText({});
  for (const auto& info : Verbs()) EXPECT_THAT(page, HasSubstr(info.name));
  for (const auto& flag : ListFlags()) {
    EXPECT_THAT(page, HasSubstr("  --" + flag.name + "="));
    EXPECT_THAT(page, HasSubstr("[" + flag.default_value));
    EXPECT_THAT(page, HasSubstr(flag.variable));
  }
  EXPECT_THAT(page, HasSubstr("OTEL_EXPORTER_OTLP_ENDPOINT"));
  EXPECT_THAT(page, Not(HasSubstr("/build/")));
}

TEST(HelpText, ExamplesAreRight) {
  for (const auto& info : Verbs()) {
    for (const auto example : info.examples) {
      std::string text(example.substr(0, example.find(" |")));
      text.erase(0, text.find("spanwire ") + 9);
      EXPECT_TRUE(Parse(text).has_value()) << example;
    }
  }
}

}  // namespace
}  // namespace spanwire::app
