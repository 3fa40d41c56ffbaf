// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

namespace spanwire::load {

// Where the requests go.
struct Target {
  sockaddr_storage address{};
  socklen_t length = 0;
  std::string host;  // for the Host field
};

// What the driver does: the same for every connection.
struct Plan {
  Target target;
  uint64_t requests = 1;
  uint32_t connections = 1;
  uint32_t depth = 1;           // requests in flight on a connection
  bool new_connection = false;  // one connection per request
  bool http10 = false;
  std::string method = "GET";
  std::string path = "/r/load/{id}";  // "{id}" becomes the request's id
  std::string id_prefix;
  std::vector<std::string> fields;  // "Name: value"
  uint64_t body_bytes = 0;
  bool has_body = false;
  bool chunked_body = false;
  bool expect_continue = false;  // content only after the interim answer
  uint32_t write_bytes = 0;      // at most this much a call; 0 = no bound
  uint32_t read_bytes = 65536;   // at most this much a call
  uint64_t write_pause_ns = 0;   // between calls
  uint64_t read_pause_ns = 0;
  uint64_t think_ns = 0;  // between an answer and the connection's next request
  double rate = 0;        // requests a second, all connections together; 0 = as fast as it goes
  bool reset_after_send = false;  // closes with RST as soon as the request is sent
  uint64_t timeout_ns = 0;        // of one request
};

}  // namespace spanwire::load
