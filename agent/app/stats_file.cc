// SPDX-License-Identifier: Apache-2.0
#include "agent/app/stats_file.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>

#include "agent/base/unique_fd.h"
#include "agent/exporter/json_text.h"

namespace spanwire::app {
namespace {

// By enum spanwire_counter.
constexpr std::array<std::string_view, 13> kCounterNames{
    "records",       "ring_full",    "no_scratch",     "no_state",       "hook_runs",
    "ignored_calls", "bytes_passed", "bytes_captured", "io_uring_calls", "unreadable_buffers",
    "peeks",         "skipped_runs", "stood_in"};

std::string FormatLinks(const LinkNumbers& links) {
  std::string text = "{\"header_disagreements\":" + std::to_string(links.disagreements);
  text += ",\"processes\":[";
  for (const door::LinkCounts& process : links.processes) {
    if (text.back() != '[') text += ',';
    text += "{\"pid\":" + std::to_string(process.pid) + ",\"service\":";
    exporter::AppendJsonString(text, process.service);
    text += ",\"spans\":{";
    for (const auto& [how, spans] : process.spans) {
      if (text.back() != '{') text += ',';
      text.append("\"").append(how).append("\":").append(std::to_string(spans));
    }
    text += "}}";
  }
  return text + "]}";
}

}  // namespace

LinkNumbers NumbersOf(const trace::LinkReport& report) {
  LinkNumbers numbers{{}, report.disagreements()};
  for (const auto& process : report.processes()) {
    const auto place = static_cast<uint32_t>(numbers.processes.size());
    numbers.processes.push_back({place,
                                 process.pid,
                                 numbers.disagreements,
                                 process.service,
                                 {process.spans.begin(), process.spans.end()}});
  }
  return numbers;
}

std::string FormatStats(const Ledger& ledger, const LinkNumbers& links,
                        const capture::KernelCounters* kernel) {
  std::string text = ledger.ToJson();
  text.pop_back();
  text += ",\"links\":" + FormatLinks(links) + "}";
  if (kernel) {
    text.pop_back();
    text += ",\"kernel\":{";
    for (size_t i = 0; i < kCounterNames.size(); ++i) {
      if (i > 0) text += ',';
      text += "\"" + std::string(kCounterNames[i]) + "\":" + std::to_string((*kernel)[i]);
    }
    text += "}}";
  }
  return text + "\n";
}

Result<> WriteStatsFile(const std::string& path, const std::string& text) {
  const std::string next = path + ".next";
  const UniqueFd file(
      open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) return ErrnoError("cannot write statistics to " + next, errno);
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return ErrnoError("cannot write statistics to " + next, errno);
  }
  if (std::rename(next.c_str(), path.c_str()) != 0) {
    return ErrnoError("cannot replace statistics file " + path, errno);
  }
  return {};
}

}  // namespace spanwire::app
