// SPDX-License-Identifier: Apache-2.0
// What one message costs in the HTTP/1 parser, at steady state on one connection.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

#include "agent/protocol/http1/http1.h"

namespace spanwire::protocol::http1 {
namespace {

constexpr std::string_view kPlainRequest =
    "GET /index.html HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: wrk\r\n\r\n";
constexpr std::string_view kBrowserRequest =
    "GET /shop/items/4711?page=2&sort=name&session=0123456789abcdef HTTP/1.1\r\n"
    "Host: shop.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\n"
    "Connection: keep-alive\r\nCookie: a=0123456789abcdef; b=0123456789abcdef0123456789\r\n"
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"
    "X-Forwarded-For: 192.0.2.1\r\nCache-Control: max-age=0\r\n\r\n";
constexpr std::string_view kPlainResponse =
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 03:00:00 GMT\r\n"
    "Content-Type: text/html\r\nContent-Length: 1024\r\n"
    "Last-Modified: Sat, 21 Nov 2026 02:00:00 GMT\r\nConnection: keep-alive\r\n"
    "ETag: \"6740d0a0-400\"\r\nAccept-Ranges: bytes\r\n\r\n";
constexpr uint64_t kPlainContent = 1024;
constexpr std::string_view kChunkedResponse =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    "40\r\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n0\r\n\r\n";

// Parses one message and what belongs to it; false when the parser did not take all of it.
bool ParseAll(ProtocolParser& parser, Flow flow, std::string_view bytes, uint64_t counted) {
  uint64_t available = bytes.size() + counted;
  while (available > 0) {
    const ParseOutput output = parser.Parse({.flow = flow, .bytes = bytes, .available = available});
    if (output.consumed == 0) return false;
    bytes.remove_prefix(std::min<uint64_t>(output.consumed, bytes.size()));
    available -= output.consumed;
  }
  return true;
}

struct Traffic {
  std::string_view request;
  std::string_view response;
  uint64_t counted = 0;  // of the response
};

void BenchExchange(benchmark::State& state, const Traffic& traffic) {
  const auto parser = MakeParser({});
  for (auto _ : state) {
    const bool done = ParseAll(*parser, Flow::kRequests, traffic.request, 0) &&
                      ParseAll(*parser, Flow::kResponses, traffic.response, traffic.counted);
    if (!done) state.SkipWithError("the parser did not take the exchange");
  }
  state.SetItemsProcessed(2 * state.iterations());  // messages
}

BENCHMARK_CAPTURE(BenchExchange, plain, Traffic{kPlainRequest, kPlainResponse, kPlainContent});
BENCHMARK_CAPTURE(BenchExchange, browser, Traffic{kBrowserRequest, kPlainResponse, kPlainContent});
BENCHMARK_CAPTURE(BenchExchange, chunked, Traffic{kPlainRequest, kChunkedResponse});

void BenchDetect(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Detect(kPlainRequest));
}
BENCHMARK(BenchDetect);

}  // namespace
}  // namespace spanwire::protocol::http1
