// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/base/unique_fd.h"

namespace spanwire::exporter {

// An HTTP/1.1 server on the loopback that does what it is told, request after request.
class ScriptedServer {
 public:
  struct Step {
    enum class Then {
      kKeep,   // the connection stays open
      kClose,  // it is closed after the answer
      kReset,  // it is reset, without an answer when `answer` is empty
      kHang,   // nothing more, until the client goes away
    };
    std::string answer;  // raw bytes
    Then then = Then::kKeep;
  };
  struct Request {
    std::string head;  // request line and header, lower case
    std::string body;
    int connection = 0;
  };

  // With a `greeting` it speaks first, and closes.
  explicit ScriptedServer(std::deque<Step> script, std::string greeting = "")
      : greeting_(std::move(greeting)), script_(std::move(script)) {
    listener_.Reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
    socklen_t size = sizeof(address);
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    listen(listener_.get(), 16);
    thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
  }

  ~ScriptedServer() {
    thread_.request_stop();
    shutdown(listener_.get(), SHUT_RDWR);
    std::lock_guard lock(mutex_);
    if (client_ >= 0) shutdown(client_, SHUT_RDWR);
  }

  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url(const std::string& scheme = "http") const {
    return scheme + "://127.0.0.1:" + std::to_string(port_) + "/v1/traces";
  }

  // Waits until `count` requests were read, and returns all.
  std::vector<Request> WaitFor(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] { return requests_.size() >= count; });
    return requests_;
  }
  // All bytes that came, requests or not.
  std::string raw() {
    std::lock_guard lock(mutex_);
    return raw_;
  }

 private:
  void Run(const std::stop_token& stop) {
    for (int connection = 0; !stop.stop_requested(); ++connection) {
      const UniqueFd client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) return;
      SetClient(client.get());
      if (greeting_.empty()) Serve(client.get(), connection);
      send(client.get(), greeting_.data(), greeting_.size(), MSG_NOSIGNAL);
      SetClient(-1);
    }
  }

  void SetClient(int fd) {
    std::lock_guard lock(mutex_);
    client_ = fd;
  }

  void Serve(int fd, int connection) {
    std::string pending;
    while (ReadRequest(fd, pending, connection)) {
      Step step{.answer = "HTTP/1.1 500 No Script\r\nContent-Length: 0\r\n\r\n"};
      {
        std::lock_guard lock(mutex_);
        if (!script_.empty()) {
          step = script_.front();
          script_.pop_front();
        }
      }
      for (size_t sent = 0; sent < step.answer.size();) {
        const ssize_t size =
            send(fd, step.answer.data() + sent, step.answer.size() - sent, MSG_NOSIGNAL);
        if (size <= 0) return;
        sent += static_cast<size_t>(size);
      }
      if (step.then == Step::Then::kClose) return;
      if (step.then == Step::Then::kReset) {
        const linger now{.l_onoff = 1, .l_linger = 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        return;
      }
      if (step.then == Step::Then::kHang) {
        while (Receive(fd, pending)) continue;
        return;
      }
    }
  }

  bool Receive(int fd, std::string& pending) {
    std::array<char, 65536> bytes{};
    const ssize_t size = recv(fd, bytes.data(), bytes.size(), 0);
    if (size <= 0) return false;
    pending.append(bytes.data(), static_cast<size_t>(size));
    std::lock_guard lock(mutex_);
    raw_.append(bytes.data(), static_cast<size_t>(size));
    return true;
  }

  bool ReadRequest(int fd, std::string& pending, int connection) {
    size_t end = 0;
    while ((end = pending.find("\r\n\r\n")) == std::string::npos) {
      if (!Receive(fd, pending)) return false;
    }
    Request request{.head = pending.substr(0, end + 2), .body = "", .connection = connection};
    for (char& c : request.head) c = static_cast<char>(std::tolower(static_cast<uint8_t>(c)));
    const size_t field = request.head.find("content-length: ");
    const size_t size =
        field == std::string::npos ? 0 : std::stoul(request.head.substr(field + 16));
    pending.erase(0, end + 4);
    while (pending.size() < size) {
      if (!Receive(fd, pending)) return false;
    }
    request.body = pending.substr(0, size);
    pending.erase(0, size);
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
    }
    changed_.notify_all();
    return true;
  }

  const std::string greeting_;
  UniqueFd listener_;
  uint16_t port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Step> script_;
  std::vector<Request> requests_;
  std::string raw_;
  int client_ = -1;
  std::jthread thread_;
};

}  // namespace spanwire::exporter
