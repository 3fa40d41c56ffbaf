// SPDX-License-Identifier: Apache-2.0
// Sends made-up spans through the OTLP exporter, as the environment (OTEL_EXPORTER_OTLP_*) says.
//
//   otlp_send RUN SECONDS
//
// Reads commands from its standard input, one a line, and answers each with a line:
//   send N   exports N spans of service "otlp-send-RUN" with url.path /RUN/0, /RUN/1, …
//   stats    the loss ledger as JSON
// At the end of input it shuts down within SECONDS, and prints the ledger. Exit 2: wrong usage.
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "agent/base/hash.h"
#include "agent/base/ledger.h"
#include "agent/exporter/otlp_exporter.h"

namespace spanwire::exporter {
namespace {

std::optional<std::string> Environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no other thread yet
  if (value == nullptr) return std::nullopt;
  return value;
}

class Sender {
 public:
  Sender(std::string run, SpanExporter& exporter) : run_(std::move(run)), exporter_(exporter) {
    model::Process process;
    process.pid = 4242;
    process.service_name = "otlp-send-" + run_;
    process.executable_name = "otlp_send";
    process_ = std::make_shared<const model::Process>(std::move(process));
  }

  void Send(uint64_t count) {
    constexpr uint64_t kPerCall = 100;
    while (count > 0) {
      std::vector<model::Span> spans(std::min(count, kPerCall));
      for (model::Span& span : spans) Fill(span);
      if (const auto result = exporter_.Export(spans); !result) {
        std::cerr << result.error().message << std::endl;
      }
      count -= spans.size();
    }
  }

 private:
  void Fill(model::Span& span) {
    const std::string path = "/" + run_ + "/" + std::to_string(next_++);
    const Hash128 hash = HashBytes(path, 1);
    for (size_t i = 0; i < span.trace_id.size(); ++i) {
      span.trace_id[i] = static_cast<uint8_t>((i < 8 ? hash.low : hash.high) >> (8 * (i % 8)));
    }
    for (size_t i = 0; i < span.span_id.size(); ++i) span.span_id[i] = span.trace_id[15 - i];
    const uint64_t now_ns = SystemClock().Now().wall_ns;
    span.name = "GET";
    span.kind = model::SpanKind::kServer;
    span.start_unix_ns = now_ns - 1'500'000;
    span.end_unix_ns = now_ns;
    span.attributes.Set("http.request.method", "GET");
    span.attributes.Set("url.path", path);
    span.attributes.Set("url.scheme", "http");
    span.attributes.SetInt("http.response.status_code", 200);
    span.attributes.SetInt("network.peer.port", 40'000);
    span.attributes.SetBool("spanwire.connection.joined", false);
    span.process = process_;
  }

  const std::string run_;
  SpanExporter& exporter_;
  std::shared_ptr<const model::Process> process_;
  uint64_t next_ = 0;
};

int Run(const std::string& run, std::chrono::seconds limit) {
  const auto settings = OtlpOptionsFromEnvironment(Environment, {});
  if (!settings || !settings->enabled) {
    std::cerr << (settings ? "no endpoint in the environment" : settings.error().message) << "\n";
    return 2;
  }
  Ledger ledger;
  Stage& stage = ledger.AddStage("exporter/otlp", "spans");
  auto exporter =
      OtlpExporter::Make(settings->options, {.version = "0.1.0", .host_name = "h"}, stage);
  if (!exporter) {
    std::cerr << exporter.error().message << "\n";
    return 2;
  }
  Sender sender(run, **exporter);
  for (std::string line; std::getline(std::cin, line);) {
    if (line.starts_with("send ")) {
      sender.Send(std::strtoull(line.c_str() + 5, nullptr, 10));
      std::cout << "sent" << std::endl;
    } else {
      std::cout << ledger.ToJson() << std::endl;
    }
  }
  if (const auto result = (*exporter)->Shutdown(limit); !result) {
    std::cerr << result.error().message << "\n";
  }
  std::cout << ledger.ToJson() << std::endl;
  return 0;
}

}  // namespace
}  // namespace spanwire::exporter

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  return spanwire::exporter::Run(argv[1], std::chrono::seconds(std::atoi(argv[2])));
}
