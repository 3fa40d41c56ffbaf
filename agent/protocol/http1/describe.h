// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "agent/model/message.h"
#include "agent/protocol/http1/fields.h"
#include "agent/protocol/http1/start_line.h"

namespace spanwire::protocol::http1 {

// Puts heads into messages: OpenTelemetry attributes, redacted and bounded, and the facts for the
// span builder (model::fact). Holds nothing but scratch memory; one per parser.
class Describer {
 public:
  // Fills a cleared message.
  void Request(const RequestLine& line, const Fields& fields, model::Message& message);
  static void Response(const StatusLine& line, model::Message& message);

 private:
  void AddText(model::Message& message, std::string_view key, std::string_view value,
               size_t limit_bytes);
  void AddUrl(std::string_view host_field, const RequestLine& line, model::Message& message);
  static void AddTraceContext(const Fields& fields, model::Message& message);
  void AddForwarded(const Fields& fields, model::Message& message);

  std::string redacted_;
  std::string cleaned_;
};

}  // namespace spanwire::protocol::http1
