// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/json_text.h"
#include "agent/exporter/tail_columns.h"
#include "agent/exporter/time_text.h"
#include "agent/model/conventions.h"

namespace spanwire::exporter {
namespace {

using model::AttributeList;

// Members of a JSON object, one after the other; keys are our own words.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  ~Object() { out_ += '}'; }

  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  std::string& Member(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    AppendJsonString(out_, name);
    out_ += ':';
    return out_;
  }
  void Text(std::string_view name, std::string_view value) {
    if (!value.empty()) AppendJsonString(Member(name), value);
  }
  void Number(std::string_view name, int64_t value) { AppendInteger(Member(name), value); }
  // As Number(); a negative value is unknown and left out.
  void Known(std::string_view name, int64_t value) {
    if (value >= 0) Number(name, value);
  }

 private:
  std::string& out_;
};

std::string_view KindName(model::SpanKind kind) {
  switch (kind) {
    case model::SpanKind::kInternal: return "internal";
    case model::SpanKind::kServer: return "server";
    case model::SpanKind::kClient: return "client";
    case model::SpanKind::kProducer: return "producer";
    case model::SpanKind::kConsumer: return "consumer";
  }
  return "internal";
}

std::string_view StatusName(model::StatusCode status) {
  switch (status) {
    case model::StatusCode::kUnset: return "unset";
    case model::StatusCode::kOk: return "ok";
    case model::StatusCode::kError: return "error";
  }
  return "unset";
}

void AppendValue(std::string& out, const AttributeList::View& view) {
  switch (view.type) {
    case AttributeList::Type::kString: AppendJsonString(out, view.text); return;
    case AttributeList::Type::kInt: AppendInteger(out, view.integer); return;
    case AttributeList::Type::kDouble: AppendJsonDouble(out, view.number); return;
    case AttributeList::Type::kBool: out += view.integer != 0 ? "true" : "false"; return;
  }
}

void AddAttributes(const AttributeList& attributes, Object& object, std::string& out) {
  object.Member("attributes");
  Object members(out);
  for (size_t i = 0; i < attributes.size(); ++i) {
    const AttributeList::View view = attributes.at(i);
    AppendValue(members.Member(view.key), view);
  }
}

void AddOutcome(const model::Span& span, const RequestSummary& request, Object& object) {
  object.Text("status", StatusName(span.status));
  if (request.status_code != 0) object.Number("status_code", request.status_code);
  object.Text("db_status_code", request.db_code);
  object.Text("status_message", span.status_message);
  object.Text("error_type", span.attributes.Text(model::key::kErrorType));
  object.Known("in_bytes", request.received_bytes);
  object.Known("out_bytes", request.sent_bytes);
}

void AddProcess(const model::Process& process, Object& object) {
  object.Text("service", process.service_name);
  object.Number("pid", process.pid);
  object.Text("executable", process.executable_name);
  object.Text("container_id", process.container_id);
  object.Text("systemd_unit", process.systemd_unit);
}

}  // namespace

void AppendRequestJson(const model::Span& span, std::string& out) {
  const RequestSummary request = Summarize(span);
  {
    Object object(out);
    object.Text("schema", "spanwire.request/1");
    object.Text("time", FormatRfc3339(span.start_unix_ns));
    object.Number("duration_ns", static_cast<int64_t>(span.end_unix_ns - span.start_unix_ns));
    object.Known("time_to_first_byte_ns", span.attributes.Int(model::key::kTimeToFirstByte, -1));
    object.Text("side", request.side);
    object.Text("kind", KindName(span.kind));
    AddProcess(*span.process, object);
    object.Text("peer", request.peer);
    object.Text("operation", request.operation);
    AddOutcome(span, request, object);
    object.Text("trace_id", model::ToHex(span.trace_id));
    object.Text("span_id", model::ToHex(span.span_id));
    if (!model::IsZero(span.parent_span_id)) {
      object.Text("parent_span_id", model::ToHex(span.parent_span_id));
    }
    object.Text("name", span.name);
    AddAttributes(span.attributes, object, out);
  }
  out += '\n';
}

}  // namespace spanwire::exporter
