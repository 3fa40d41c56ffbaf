// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "agent/exporter/resource.h"
#include "agent/model/span.h"

// Spans for the tests of this room.
namespace spanwire::exporter {

inline const AgentIdentity& TestAgent() {
  static const AgentIdentity agent{.version = "0.1.0", .host_name = "host-a"};
  return agent;
}

inline std::shared_ptr<const model::Process> MakeProcess(uint32_t pid, std::string service) {
  model::Process process;
  process.pid = pid;
  process.parent_pid = 1;
  process.start_wall_ns = 1'700'000'000'123'456'789;
  process.executable_name = service;
  process.executable_path = "/usr/sbin/" + service;
  process.arguments = {process.executable_path, "--password=secret"};
  process.service_name = std::move(service);
  return std::make_shared<const model::Process>(std::move(process));
}

// A SERVER span as the pipeline makes them: "GET /items/NUMBER?page=2", 200, 1.24 ms.
inline model::Span MakeSpan(uint64_t number, std::shared_ptr<const model::Process> process) {
  model::Span span;
  span.trace_id = {0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 1, 2, 3, 4, 5, 6, 7, 8};
  span.span_id = {0,
                  0xf0,
                  0x67,
                  0xaa,
                  0x0b,
                  0xa9,
                  static_cast<uint8_t>(number >> 8),
                  static_cast<uint8_t>(number)};
  span.name = "GET";
  span.kind = model::SpanKind::kServer;
  span.start_unix_ns = 1'700'000'100'000'000'000 + number;
  span.end_unix_ns = span.start_unix_ns + 1'240'000;
  span.attributes.Set("http.request.method", "GET");
  span.attributes.Set("url.path", "/items/" + std::to_string(number));
  span.attributes.Set("url.query", "page=2");
  span.attributes.Set("url.scheme", "http");
  span.attributes.SetInt("http.response.status_code", 200);
  span.attributes.SetInt("http.request.body.size", 0);
  span.attributes.SetInt("http.response.body.size", 1234);
  span.attributes.Set("network.peer.address", "192.0.2.7");
  span.attributes.SetInt("network.peer.port", 40312);
  span.attributes.Set("network.transport", "tcp");
  span.attributes.Set("server.address", "shop.example");
  span.attributes.SetInt("server.port", 80);
  span.attributes.Set("user_agent.original", "curl/7.88.1");
  span.attributes.SetInt("spanwire.time_to_first_byte_ns", 900'000);
  span.process = std::move(process);
  return span;
}

inline std::vector<model::Span> MakeSpans(size_t count) {
  const auto process = MakeProcess(4242, "nginx");
  std::vector<model::Span> spans;
  for (size_t i = 0; i < count; ++i) spans.push_back(MakeSpan(i, process));
  return spans;
}

// Spans of every shape: any text, any numbers, with and without each optional part.
class RandomSpans {
 public:
  explicit RandomSpans(uint32_t seed) : random_(seed) {
    for (uint32_t i = 0; i < 3; ++i) processes_.push_back(MakeProcess(100 + i, Text(12) + "s"));
  }

  model::Span Next() {
    model::Span span;
    for (uint8_t& byte : span.trace_id) byte = static_cast<uint8_t>(Below(256));
    for (uint8_t& byte : span.span_id) byte = static_cast<uint8_t>(Below(256));
    if (Below(2) == 0)
      span.parent_span_id = {1, 2, 3, 4, 5, 6, 7, static_cast<uint8_t>(Below(256))};
    span.parent_is_remote = Below(2) == 0;
    span.trace_flags = static_cast<uint8_t>(Below(256));
    if (Below(3) == 0) span.trace_state = Text(40);
    span.name = Text(30);
    span.kind = static_cast<model::SpanKind>(1 + Below(5));
    span.start_unix_ns = random_();
    span.end_unix_ns = random_();
    span.status = static_cast<model::StatusCode>(Below(3));
    if (Below(3) == 0) span.status_message = Text(30);
    AddAttributes(span.attributes);
    static constexpr std::string_view kEvents[] = {"first", "second", "third"};
    for (size_t i = Below(3); i > 0; --i) {
      span.events.push_back({.name = kEvents[i], .time_unix_ns = random_()});
    }
    for (size_t i = Below(3); i > 0; --i) {
      span.links.push_back({.trace_id = span.trace_id, .span_id = {9, static_cast<uint8_t>(i)}});
    }
    span.process = processes_[Below(processes_.size())];
    return span;
  }

 private:
  size_t Below(size_t limit) { return random_() % limit; }

  // Mostly ASCII, some other code points, some invalid bytes, sometimes nothing.
  std::string Text(size_t limit) {
    static constexpr std::string_view kOdd[] = {"\n",     "\"",         "\\",      "\u00e4",
                                                "\u20ac", "\U0001F600", "\x7f",    "\u009b",
                                                "\xff",   "\xc3",       "\xe2\x82"};
    std::string text;
    const size_t size = Below(limit);
    while (text.size() < size) {
      if (Below(8) == 0) {
        text += kOdd[Below(std::size(kOdd))];
      } else {
        text += static_cast<char>(' ' + Below(95));
      }
    }
    if (Below(20) == 0) text.append(200 + Below(20'000), 'x');
    return text;
  }

  void AddAttributes(model::AttributeList& attributes) {
    static constexpr std::string_view kKeys[] = {"a", "b.c", "d.e.f", "g", "h", "i"};
    const size_t count = Below(std::size(kKeys) + 1);
    for (size_t i = 0; i < count; ++i) {
      switch (Below(5)) {
        case 0: attributes.SetInt(kKeys[i], static_cast<int64_t>(random_())); break;
        case 1: attributes.SetDouble(kKeys[i], static_cast<double>(random_()) / 7); break;
        case 2: attributes.SetBool(kKeys[i], Below(2) == 0); break;
        case 3: attributes.SetDynamic("dynamic" + std::to_string(i) + Text(9), Text(50)); break;
        default: attributes.Set(kKeys[i], Text(50)); break;
      }
    }
  }

  std::mt19937_64 random_;
  std::vector<std::shared_ptr<const model::Process>> processes_;
};

}  // namespace spanwire::exporter
