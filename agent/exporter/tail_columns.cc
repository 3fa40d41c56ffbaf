// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/tail_columns.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "agent/exporter/terminal.h"
#include "agent/exporter/time_text.h"
#include "agent/model/conventions.h"

namespace spanwire::exporter {
namespace {

namespace key = model::key;

constexpr size_t kWidestStatus = 5;  // a SQLSTATE

// Widths of the columns; the operation takes what is left.
struct Widths {
  size_t time = 12;
  size_t duration = 7;
  size_t status = kWidestStatus;
  size_t side = 4;
  size_t service = 20;
  size_t peer = 21;
  size_t operation = 32;
  size_t sizes = 13;  // 0 = left out
  size_t flags = 6;
};

constexpr size_t kNarrowColumns = 112;
constexpr size_t kWideColumns = 150;
constexpr size_t kLeastOperation = 8;

Widths WidthsFor(size_t columns) {
  Widths widths;
  if (columns == 0) return widths;
  if (columns < kNarrowColumns) {
    widths.time = 8;
    widths.service = 14;
    widths.peer = 15;
    widths.sizes = 0;
    widths.flags = 5;
  } else if (columns >= kWideColumns) {
    widths.flags = 20;
  }
  const size_t gaps = widths.sizes == 0 ? 7 : 8;
  const size_t taken = widths.time + widths.duration + widths.status + widths.side +
                       widths.service + widths.peer + widths.sizes + widths.flags + gaps;
  widths.operation = std::max(kLeastOperation, columns > taken ? columns - taken : 0);
  return widths;
}

std::string FourDigits(double value, const char* unit) {
  const int decimals = value < 9.9995 ? 3 : value < 99.995 ? 2 : value < 999.95 ? 1 : 0;
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.*f%s", decimals, value, unit);
  return text.data();
}

std::string AddressAndPort(std::string_view address, int64_t port) {
  std::string text(address);
  if (port <= 0) return text;
  if (address.find(':') != std::string_view::npos) text = "[" + text + "]";
  return text + ":" + std::to_string(port);
}

std::string PeerOf(const model::Span& span) {
  const model::AttributeList& attributes = span.attributes;
  const bool client = span.kind == model::SpanKind::kClient;
  if (client && attributes.Has(key::kServerAddress)) {
    return AddressAndPort(attributes.Text(key::kServerAddress),
                          attributes.Int(key::kServerPort, 0));
  }
  if (attributes.Has(key::kNetworkPeerAddress)) {
    return AddressAndPort(attributes.Text(key::kNetworkPeerAddress),
                          attributes.Int(key::kNetworkPeerPort, 0));
  }
  if (!client && attributes.Has(key::kClientAddress)) {
    return AddressAndPort(attributes.Text(key::kClientAddress),
                          attributes.Int(key::kClientPort, 0));
  }
  const std::string_view transport = attributes.Text(key::kNetworkTransport);
  return std::string(transport.empty() ? "-" : transport);
}

// Path and query of the request, without the scheme and authority of an absolute URL.
std::string TargetOf(const model::AttributeList& attributes) {
  if (attributes.Has(key::kUrlPath)) {
    std::string target(attributes.Text(key::kUrlPath));
    const std::string_view query = attributes.Text(key::kUrlQuery);
    if (!query.empty()) target.append("?").append(query);
    return target;
  }
  const std::string_view full = attributes.Text(key::kUrlFull);
  const size_t authority = full.find("://");
  if (authority == std::string_view::npos) return std::string(full);
  const size_t path = full.find('/', authority + 3);
  return path == std::string_view::npos ? "/" : std::string(full.substr(path));
}

std::string OperationOf(const model::Span& span) {
  std::string_view method = span.attributes.Text(key::kHttpRequestMethodOriginal);
  if (method.empty()) method = span.attributes.Text(key::kHttpRequestMethod);
  const std::string target = TargetOf(span.attributes);
  if (method.empty() || target.empty()) return span.name;
  return std::string(method) + " " + target;
}

std::string_view SideOf(model::SpanKind kind) {
  switch (kind) {
    case model::SpanKind::kServer:
    case model::SpanKind::kConsumer: return "in";
    case model::SpanKind::kClient:
    case model::SpanKind::kProducer: return "out";
    case model::SpanKind::kInternal: break;
  }
  return "-";
}

bool IsError(const model::Span& span) { return span.status == model::StatusCode::kError; }

std::string FlagsOf(const model::Span& span, const RequestSummary& request) {
  std::string flags;
  if (IsError(span)) flags += 'E';
  const std::string_view link = span.attributes.Text(key::kLinkMethod);
  if (link == "traceparent") flags += 'T';
  if (link == "sequence") flags += 'S';
  if (span.attributes.Has(key::kJoined)) flags += 'J';
  const std::string_view error = span.attributes.Text(key::kErrorType);
  const bool shown = error == std::to_string(request.status_code) ||
                     (error == request.db_code && error.size() <= kWidestStatus);
  if (error.empty() || shown) return flags;
  if (!flags.empty()) flags += ' ';
  return flags += EscapeForTerminal(error);
}

// --- laying out ---------------------------------------------------------------------------------

enum class Align { kLeft, kRight };

void AppendCell(std::string& out, std::string_view text, size_t width, Align align) {
  const size_t used = DisplayWidth(text);
  const size_t padding = used < width ? width - used : 0;
  if (align == Align::kRight) out.append(padding, ' ');
  out += text;
  if (align == Align::kLeft) out.append(padding, ' ');
  out += ' ';
}

constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kYellow = "\x1b[33m";

std::string_view StatusColor(const model::Span& span, int64_t status_code) {
  if (IsError(span) || status_code >= 500) return kRed;
  return status_code >= 400 ? kYellow : kGreen;
}

// Lays out the cells of one line.
class Line {
 public:
  Line(const RowLayout& layout, std::string& out)
      : layout_(layout), widths_(WidthsFor(layout.columns)), out_(out) {}

  const Widths& widths() const { return widths_; }

  void Cell(std::string_view text, size_t width, Align align, std::string_view color = {}) {
    const bool colored = layout_.color && !color.empty();
    if (colored) out_ += color;
    AppendCell(out_, text, width, align);
    if (colored) out_ += kReset;
  }

  // As Cell(), aligned left; on a terminal what is too wide is cut.
  void Cut(const std::string& text, size_t width) {
    Cell(layout_.columns == 0 ? text : CutMiddle(text, width), width, Align::kLeft);
  }

  void End() {
    while (!out_.empty() && out_.back() == ' ') out_.pop_back();
    out_ += '\n';
  }

 private:
  const RowLayout& layout_;
  const Widths widths_;
  std::string& out_;
};

// "nginx[1234]": the pid stays when the name is cut.
std::string ServiceCell(const model::Process& process, size_t width, bool cut) {
  const std::string pid = "[" + std::to_string(process.pid) + "]";
  const std::string name = EscapeForTerminal(process.service_name);
  if (!cut) return name + pid;
  return CutMiddle(name, width > pid.size() ? width - pid.size() : 1) + pid;
}

std::string SizesCell(const RequestSummary& request) {
  if (request.received_bytes < 0 && request.sent_bytes < 0) return "-";
  return FormatSize(request.received_bytes) + "/" + FormatSize(request.sent_bytes);
}

// The protocol's code; of a database "OK" when it reports none.
std::string StatusCell(const model::Span& span, const RequestSummary& request) {
  if (request.status_code != 0) return std::to_string(request.status_code);
  if (IsError(span)) {
    const bool fits = !request.db_code.empty() && request.db_code.size() <= kWidestStatus;
    return fits ? EscapeForTerminal(request.db_code) : "ERR";
  }
  const bool unknown = span.attributes.Has(key::kEnding);
  return span.attributes.Has(key::kDbSystemName) && !unknown ? "OK" : "-";
}

}  // namespace

RequestSummary Summarize(const model::Span& span) {
  const int64_t request_bytes = span.attributes.Int(key::kHttpRequestBodySize, -1);
  const int64_t response_bytes = span.attributes.Int(key::kHttpResponseBodySize, -1);
  RequestSummary summary;
  summary.side = SideOf(span.kind);
  summary.peer = PeerOf(span);
  summary.operation = OperationOf(span);
  summary.status_code = span.attributes.Int(key::kHttpResponseStatusCode, 0);
  summary.db_code = span.attributes.Text(key::kDbResponseStatusCode);
  const bool in = summary.side == "in";
  summary.received_bytes = in ? request_bytes : response_bytes;
  summary.sent_bytes = in ? response_bytes : request_bytes;
  return summary;
}

std::string FormatDuration(uint64_t duration_ns) {
  const auto value = static_cast<double>(duration_ns);
  if (duration_ns < 1'000) return std::to_string(duration_ns) + "ns";
  if (value < 999.95e3) return FourDigits(value / 1e3, "us");
  if (value < 999.95e6) return FourDigits(value / 1e6, "ms");
  if (value < 999.95e9) return FourDigits(value / 1e9, "s");
  if (value < 999.95e9 * 60) return FourDigits(value / 60e9, "m");
  return FourDigits(value / 3600e9, "h");
}

std::string FormatSize(int64_t size_bytes) {
  const auto value = static_cast<double>(size_bytes);
  if (size_bytes < 0) return "-";
  if (size_bytes < 1'000) return std::to_string(size_bytes);
  if (value < 999.95e3) return FourDigits(value / 1e3, "k");
  if (value < 999.95e6) return FourDigits(value / 1e6, "M");
  return FourDigits(value / 1e9, "G");
}

void AppendHeader(const RowLayout& layout, std::string& out) {
  Line line(layout, out);
  const Widths& widths = line.widths();
  line.Cell("TIME", widths.time, Align::kLeft);
  line.Cell("DUR", widths.duration, Align::kRight);
  line.Cell("ST", widths.status, Align::kRight);
  line.Cell("SIDE", widths.side, Align::kLeft);
  line.Cell("SERVICE[pid]", widths.service, Align::kLeft);
  line.Cell("PEER", widths.peer, Align::kLeft);
  line.Cell("OPERATION", widths.operation, Align::kLeft);
  if (widths.sizes != 0) line.Cell("IN/OUT", widths.sizes, Align::kRight);
  line.Cell("FLAGS", 0, Align::kLeft);
  line.End();
}

void AppendRow(const model::Span& span, const RowLayout& layout, std::string& out) {
  Line line(layout, out);
  const Widths& widths = line.widths();
  const bool cut = layout.columns != 0;
  const RequestSummary request = Summarize(span);
  const std::string_view color = StatusColor(span, request.status_code);
  const std::string time = FormatLocalClock(span.start_unix_ns);
  line.Cell(std::string_view(time).substr(0, widths.time), widths.time, Align::kLeft, kDim);
  line.Cell(FormatDuration(span.end_unix_ns - span.start_unix_ns), widths.duration, Align::kRight);
  line.Cell(StatusCell(span, request), widths.status, Align::kRight, color);
  line.Cell(request.side, widths.side, Align::kLeft);
  line.Cut(ServiceCell(*span.process, widths.service, cut), widths.service);
  line.Cut(EscapeForTerminal(request.peer), widths.peer);
  line.Cut(EscapeForTerminal(request.operation), widths.operation);
  if (widths.sizes != 0) line.Cell(SizesCell(request), widths.sizes, Align::kRight);
  const std::string flags = FlagsOf(span, request);
  line.Cell(cut ? CutEnd(flags, widths.flags) : flags, 0, Align::kLeft,
            IsError(span) ? kRed : std::string_view());
  line.End();
}

}  // namespace spanwire::exporter
