// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/model/conventions.h"
#include "agent/model/message.h"
#include "agent/trace/span_sink.h"

namespace spanwire::trace {

class SpanLog final : public SpanSink {
 public:
  void OnSpan(model::Span& span) override { spans.push_back(span); }
  std::vector<model::Span> spans;
};

// The two ends of one TCP connection on this host: 127.0.0.1:40000 -> 127.0.0.1:8080.
inline model::Connection ClientEnd() {
  model::Connection connection;
  connection.id = 1;
  connection.role = model::Role::kClient;
  connection.local = {{127, 0, 0, 1}, 40'000};
  connection.remote = {{127, 0, 0, 1}, 8080};
  connection.netns = 7;
  connection.local_text = connection.remote_text = "127.0.0.1";
  return connection;
}

inline model::Connection ServerEnd() {
  model::Connection connection = ClientEnd();
  connection.id = 2;
  connection.role = model::Role::kServer;
  std::swap(connection.local, connection.remote);
  return connection;
}

inline model::Connection Remote(model::Connection connection) {
  connection.remote.address = {192, 0, 2, 9};
  connection.remote_text = "192.0.2.9";
  return connection;
}

// A GET that was answered with 200: first byte at 1000 ns, answered at 3000 ns.
inline model::Exchange MakeExchange(const model::Connection& connection, uint32_t sequence = 77) {
  namespace key = model::key;
  model::Exchange exchange;
  exchange.connection = &connection;
  exchange.is_client = connection.role == model::Role::kClient;
  exchange.protocol = "http";
  auto process = std::make_shared<model::Process>();
  process->pid = 12;
  process->service_name = "shop";
  exchange.process = process;
  exchange.request.name = "GET";
  exchange.request.attributes.Set(key::kHttpRequestMethod, "GET");
  exchange.request.attributes.Set(key::kUrlScheme, "http");
  exchange.request.attributes.Set(key::kUrlPath, "/a/b");
  exchange.request.attributes.Set(key::kUrlQuery, "x=1");
  exchange.request.attributes.SetDynamic("~host", "shop.example:8080");
  exchange.request_at.sequence = sequence;
  exchange.request_at.first_ns = 1000;
  exchange.request_at.last_ns = 1100;
  exchange.request_at.who = {.pid = 12, .tid = 13};
  exchange.request_at.complete = true;
  exchange.has_response = true;
  exchange.response.kind = model::MessageKind::kResponse;
  exchange.response.attributes.SetInt(key::kHttpResponseStatusCode, 200);
  exchange.response_at.first_ns = 2000;
  exchange.response_at.last_ns = 3000;
  exchange.response_at.complete = true;
  exchange.ended_ns = 3000;
  return exchange;
}

inline void Fail(model::Exchange& exchange, model::Ending ending, uint16_t error = 0) {
  exchange.ending = ending;
  exchange.error = error;
  exchange.has_response = false;
  exchange.response.Clear();
  exchange.response_at = {};
}

}  // namespace spanwire::trace
