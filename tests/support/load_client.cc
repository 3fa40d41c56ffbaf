// SPDX-License-Identifier: Apache-2.0
//
// Sends HTTP/1 requests with unique ids and writes down what it saw of each: the truth by which the
// end-to-end tests judge spans. One thread, so that times are taken next to the calls.
#include <arpa/inet.h>
#include <gflags/gflags.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/un.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/load/connection.h"
#include "tests/support/load/plan.h"
#include "tests/support/load/truth_log.h"

DEFINE_string(target, "127.0.0.1:80", "ADDRESS:PORT, [ADDRESS6]:PORT or unix:PATH");
DEFINE_string(log, "/dev/stdout", "where the truth goes, JSON lines");
DEFINE_uint64(requests, 1, "how many requests, all connections together");
DEFINE_uint32(connections, 1, "connections at the same time");
DEFINE_uint32(pipeline, 1, "requests in flight on a connection");
DEFINE_bool(new_connection, false, "a connection for each request");
DEFINE_bool(http10, false, "HTTP/1.0");
DEFINE_string(method, "GET", "request method");
DEFINE_string(path, "/r/load/{id}", "request target; {id} becomes the unique id");
DEFINE_string(id_prefix, "", "before the number in each id");
DEFINE_string(fields, "", "header fields, separated by '|'");
DEFINE_uint64(body_bytes, 0, "content of each request");
DEFINE_bool(chunked_body, false, "send the content in chunks of 1000 bytes");
DEFINE_bool(expect_continue, false, "send the content only after 100 Continue");
DEFINE_uint32(write_bytes, 0, "at most this much a write; 0 = no bound");
DEFINE_uint32(read_bytes, 65536, "at most this much a read");
DEFINE_uint64(write_pause_us, 0, "between writes");
DEFINE_uint64(read_pause_us, 0, "between reads");
DEFINE_uint64(think_us, 0, "between an answer and the next request of a connection");
DEFINE_double(rate, 0, "requests a second; 0 = as fast as it goes");
DEFINE_bool(reset_after_send, false, "reset the connection as soon as the request is sent");
DEFINE_uint64(timeout_ms, 10000, "gives a request up");
DEFINE_int64(hold_after, -1,
             "opens every connection, sends so many requests, prints \"held\", waits for a line on "
             "standard input and goes on; -1 = no hold");

namespace spanwire::load {
namespace {

bool ParseTarget(const std::string& text, Target& target) {
  target.host = "localhost";
  if (text.starts_with("unix:")) {
    auto* address = reinterpret_cast<sockaddr_un*>(&target.address);
    address->sun_family = AF_UNIX;
    const std::string path = text.substr(5);
    if (path.empty() || path.size() >= sizeof(address->sun_path)) return false;
    std::memcpy(address->sun_path, path.c_str(), path.size() + 1);
    target.length = sizeof(sockaddr_un);
    return true;
  }
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  target.host = text;
  const auto port = htons(static_cast<uint16_t>(std::atoi(text.c_str() + colon + 1)));
  if (text.front() == '[') {
    auto* address = reinterpret_cast<sockaddr_in6*>(&target.address);
    address->sin6_family = AF_INET6;
    address->sin6_port = port;
    target.length = sizeof(*address);
    return inet_pton(AF_INET6, text.substr(1, colon - 2).c_str(), &address->sin6_addr) == 1;
  }
  auto* address = reinterpret_cast<sockaddr_in*>(&target.address);
  address->sin_family = AF_INET;
  address->sin_port = port;
  target.length = sizeof(*address);
  return inet_pton(AF_INET, text.substr(0, colon).c_str(), &address->sin_addr) == 1;
}

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('|', at), text.size());
    if (end > at) parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

Plan PlanFromFlags() {
  Plan plan;
  plan.requests = FLAGS_requests;
  plan.connections = FLAGS_connections;
  plan.depth = std::max(1U, FLAGS_pipeline);
  plan.new_connection = FLAGS_new_connection;
  plan.http10 = FLAGS_http10;
  plan.method = FLAGS_method;
  plan.path = FLAGS_path;
  plan.id_prefix = FLAGS_id_prefix;
  plan.fields = Split(FLAGS_fields);
  plan.body_bytes = FLAGS_body_bytes;
  plan.chunked_body = FLAGS_chunked_body;
  plan.expect_continue = FLAGS_expect_continue;
  plan.has_body = FLAGS_body_bytes > 0 || FLAGS_chunked_body;
  plan.write_bytes = FLAGS_write_bytes;
  plan.read_bytes = std::max(1U, FLAGS_read_bytes);
  plan.write_pause_ns = FLAGS_write_pause_us * 1000;
  plan.read_pause_ns = FLAGS_read_pause_us * 1000;
  plan.think_ns = FLAGS_think_us * 1000;
  plan.rate = FLAGS_rate;
  plan.reset_after_send = FLAGS_reset_after_send;
  plan.timeout_ns = FLAGS_timeout_ms * 1'000'000;
  return plan;
}

// SIGTERM: no more requests; those in flight are waited for.
volatile std::sig_atomic_t stop_requested = 0;
void OnTerminate(int) { stop_requested = 1; }

using Connections = std::vector<std::unique_ptr<Connection>>;

// One round: waits for events or the next thing due, then lets every connection go on.
void Step(Connections& connections) {
  std::vector<pollfd> wanted;
  wanted.reserve(connections.size());
  uint64_t next = UINT64_MAX;
  const uint64_t before = NowNs();
  for (const auto& connection : connections) {
    wanted.push_back(connection->Wanted(before));
    next = std::min(next, connection->NextNs());
  }
  const uint64_t wait = next > before ? std::min<uint64_t>(next - before, 1'000'000'000) : 0;
  const timespec timeout{.tv_sec = static_cast<time_t>(wait / 1'000'000'000),
                         .tv_nsec = static_cast<decltype(timespec::tv_nsec)>(wait % 1'000'000'000)};
  ppoll(wanted.data(), wanted.size(), &timeout, nullptr);
  for (size_t i = 0; i < connections.size(); ++i) {
    connections[i]->Advance(wanted[i].revents, NowNs());
  }
}

bool AllIdle(const Connections& connections) {
  return std::all_of(connections.begin(), connections.end(),
                     [](const auto& connection) { return connection->Idle(); });
}

void RunToLimit(Connections& connections, Schedule& schedule) {
  while (!schedule.AtLimit() || !AllIdle(connections)) {
    Step(connections);
    if (stop_requested != 0) schedule.Stop();
  }
}

void Run(const Plan& plan, std::FILE* file) {
  TruthLog log(file, plan.method);
  Schedule schedule(plan.requests, plan.rate);
  Connections connections;
  for (uint32_t i = 0; i < plan.connections; ++i) {
    connections.push_back(std::make_unique<Connection>(plan, schedule, log));
  }
  if (FLAGS_hold_after >= 0) {
    for (const auto& connection : connections) connection->Open();
    schedule.Limit(static_cast<uint64_t>(FLAGS_hold_after));
    RunToLimit(connections, schedule);
    log.Flush();
    std::puts("held");
    std::fflush(stdout);
    while (std::getchar() != '\n' && std::feof(stdin) == 0) {
    }
    schedule.Limit(UINT64_MAX);
  }
  RunToLimit(connections, schedule);
  log.Flush();
}

}  // namespace
}  // namespace spanwire::load

int main(int argc, char** argv) {
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  spanwire::load::Plan plan = spanwire::load::PlanFromFlags();
  if (argc != 1 || !spanwire::load::ParseTarget(FLAGS_target, plan.target)) {
    std::fprintf(stderr, "load_client: bad argument or --target=%s\n", FLAGS_target.c_str());
    return 2;
  }
  std::FILE* file = std::fopen(FLAGS_log.c_str(), "w");
  if (file == nullptr) {
    std::perror(FLAGS_log.c_str());
    return 1;
  }
  std::signal(SIGTERM, spanwire::load::OnTerminate);
  spanwire::load::Run(plan, file);
  return std::fclose(file) == 0 ? 0 : 1;
}
