// SPDX-License-Identifier: Apache-2.0
#include "agent/app/help.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "agent/app/flags.h"
#include "agent/app/verb_table.h"
#include "agent/app/version.h"

namespace spanwire::app {
namespace {

constexpr size_t kColumns = 80;
constexpr size_t kVerbColumn = 16;
constexpr size_t kTextColumn = 6;  // of the explanation below a flag

std::string Padded(std::string text, size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

// `text` in lines of at most kColumns, each indented.
std::string Wrapped(std::string_view text, size_t indent) {
  const std::string margin(indent, ' ');
  std::string lines;
  std::string line = margin;
  while (!text.empty()) {
    const size_t blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
    if (line.size() > indent && line.size() + 1 + word.size() > kColumns) {
      lines += line + '\n';
      line = margin;
    }
    if (line.size() > indent) line += ' ';
    line += word;
  }
  return lines + line + '\n';
}

std::string HeadOf(const FlagInfo& flag) {
  std::string head = "  --" + flag.name + "=" + std::string(flag.argument);
  if (!flag.letter.empty()) head += ", -" + std::string(flag.letter);
  return head;
}

std::string ExplanationOf(const FlagInfo& flag) {
  std::string text = flag.text;
  if (!flag.default_value.empty()) text += " [" + flag.default_value + "]";
  if (!flag.variable.empty()) text += " ($" + flag.variable;
  if (!flag.standard.empty()) text += ", $" + std::string(flag.standard);
  if (!flag.variable.empty()) text += ")";
  return text;
}

// The flags of `verbs` by group, with their explanations.
std::string FlagPages(VerbSet verbs) {
  std::string page;
  std::string_view group;
  for (const auto& flag : ListFlags()) {
    if (!(flag.verbs & verbs)) continue;
    if (flag.group != group) page += "\n" + std::string(flag.group) + ":\n";
    group = flag.group;
    page += HeadOf(flag) + '\n' + Wrapped(ExplanationOf(flag), kTextColumn);
  }
  return page;
}

std::string FlagNames(VerbSet verbs) {
  std::string names;
  for (const auto& flag : ListFlags()) {
    if (flag.verbs & verbs) names += (names.empty() ? "--" : " --") + flag.name;
  }
  return names;
}

std::string VerbList() {
  std::string list;
  for (const auto& info : Verbs()) {
    const std::string call = std::string(info.name) + ' ' + std::string(info.argument);
    list += Padded("  " + call, kVerbColumn) + std::string(info.summary) + '\n';
  }
  return list;
}

std::string Examples(const VerbInfo& info) {
  std::string text = "\nexamples:\n";
  for (const auto example : info.examples) text += "  " + std::string(example) + '\n';
  return text;
}

std::string BriefAll() {
  std::string page = "spanwire " + std::string(kVersion) +
                     ": every request in and out of every process of this host\n\n"
                     "usage: spanwire VERB [FLAGS]\n\n";
  page += VerbList() +
          "\nexamples:\n"
          "  spanwire tail --port 8080\n"
          "  spanwire daemon --otlp-endpoint http://localhost:4317\n"
          "  spanwire record -o slow.spanwire --for 30s\n\n"
          "`spanwire VERB -h` shows a verb, `spanwire help VERB` all of its flags.\n";
  return page;
}

std::string FullAll() {
  VerbSet all = 0;
  for (const auto& info : Verbs()) all |= SetOf(info.verb);
  return BriefAll() +
         "\nFlags are written --name=value or --name value. A flag that takes a LIST may be\n"
         "repeated or hold several values with commas between. A variable in parentheses\n"
         "counts where the flag is absent. Which flags a verb takes: `spanwire help VERB`.\n" +
         FlagPages(all) +
         "\nexit codes:\n"
         "  0 done              1 failed, or a check of doctor failed\n"
         "  2 wrong usage       3 no permission\n"
         "  4 not supported by this kernel\n"
         "  77, 78 daemon: no permission, wrong configuration (do not restart)\n";
}

std::string UsageLine(const VerbInfo& info, VerbSet flags) {
  std::string line = "usage: spanwire " + std::string(info.name);
  if (info.verb == Verb::kRecord) line += " -o FILE";
  if (!info.argument.empty()) line += ' ' + std::string(info.argument);
  if (!FlagNames(flags).empty()) line += " [FLAGS]";
  return line + '\n';
}

std::string VerbPage(const VerbInfo& info, bool brief) {
  const VerbSet verbs = SetOf(info.verb);
  std::string page = UsageLine(info, verbs) + '\n' + Wrapped(info.summary, 0) + Examples(info);
  if (FlagNames(verbs).empty()) return page;
  if (!brief) return page + FlagPages(verbs);
  return page + "\nflags:\n" + Wrapped(FlagNames(verbs), 2) + "\n`spanwire help " +
         std::string(info.name) + "` explains them.\n";
}

}  // namespace

std::string HelpText(const HelpOptions& request) {
  if (request.topic) return VerbPage(InfoOf(*request.topic), request.brief);
  return request.brief ? BriefAll() : FullAll();
}

}  // namespace spanwire::app
