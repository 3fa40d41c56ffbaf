// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/model/span.h"

namespace spanwire::exporter {

// The words of a span that people ask for first, not yet escaped.
struct RequestSummary {
  std::string_view side;    // "in", "out" or "-"
  std::string peer;         // "192.0.2.1:443", "[::1]:80", "db.example:5432", or a socket's path
  std::string operation;    // "GET /path?query", or the span's name
  int64_t status_code = 0;  // 0 = none
  std::string db_code;      // what a database reported: "23505"; empty = nothing
  int64_t received_bytes = -1;  // body taken in by the process; -1 = unknown
  int64_t sent_bytes = -1;
};
RequestSummary Summarize(const model::Span& span);

// "512ns", "1.240ms", "12.34s": four digits.
std::string FormatDuration(uint64_t duration_ns);
// "512", "1.024k", "12.34M": decimal units; "-" below 0.
std::string FormatSize(int64_t size_bytes);

// How a row is laid out.
struct RowLayout {
  size_t columns = 0;  // of the terminal; 0 = as wide as it needs
  bool color = false;
};

// The names of the columns, as AppendRow() lays them out.
void AppendHeader(const RowLayout& layout, std::string& out);
// One line: TIME DUR ST SIDE SERVICE[pid] PEER OPERATION IN/OUT FLAGS. Nothing of the wire reaches
// the line unescaped. FLAGS: E error, T parent from its traceparent, S parent from the TCP
// sequence, J connection older than the agent, then the error's type.
void AppendRow(const model::Span& span, const RowLayout& layout, std::string& out);

// One JSON object and a newline, schema "spanwire.request/1".
void AppendRequestJson(const model::Span& span, std::string& out);

}  // namespace spanwire::exporter
