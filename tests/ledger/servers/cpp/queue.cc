// SPDX-License-Identifier: Apache-2.0
//
// ledger_queue PORT UPSTREAM READERS WORKERS: an HTTP server whose reader threads take requests off
// their connections and put them into one queue; worker threads take them out, ask upstream, and
// write the answer. Nothing but the queue connects the two. The client closes: a worker that did
// could hit the connection that got the number next.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

struct Job {
  int fd = -1;  // where the answer goes
  std::string path;
};

// First in, first out; any thread may call anything.
class Queue {
 public:
  void Put(Job job) {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    filled_.notify_one();
  }

  Job Take() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return !jobs_.empty(); });
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<Job> jobs_;
};

sockaddr_in Address(const char* port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(std::atoi(port)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void SetNoDelay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int Connect(const char* port) {
  const sockaddr_in address = Address(port);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) std::abort();
  SetNoDelay(fd);
  return fd;
}

int Listen(const char* port) {
  const sockaddr_in address = Address(port);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) std::abort();
  if (listen(fd, 1024) != 0) std::abort();
  return fd;
}

// The size of the message at the front of `text`, head and content, if it is all there.
std::optional<size_t> MessageSize(const std::string& text) {
  const size_t head = text.find("\r\n\r\n");
  if (head == std::string::npos) return std::nullopt;
  const size_t field = text.find("Content-Length: ");
  size_t size = head + 4;
  if (field < head) size += std::strtoul(text.c_str() + field + 16, nullptr, 10);
  return text.size() < size ? std::nullopt : std::optional(size);
}

// Asks upstream on a connection that is this thread's alone. Returns the whole answer.
std::string Ask(int upstream, const std::string& path) {
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: upstream\r\n\r\n";
  send(upstream, request.data(), request.size(), MSG_NOSIGNAL);
  std::string answer;
  std::array<char, 4096> bytes{};
  while (!MessageSize(answer)) {
    const ssize_t got = recv(upstream, bytes.data(), bytes.size(), 0);
    if (got <= 0) std::abort();
    answer.append(bytes.data(), static_cast<size_t>(got));
  }
  return answer;
}

void Work(Queue& queue, const char* upstream_port) {
  const int upstream = Connect(upstream_port);
  for (;;) {
    const Job job = queue.Take();
    const std::string answer = Ask(upstream, job.path);
    send(job.fd, answer.data(), answer.size(), MSG_NOSIGNAL);
  }
}

// One reader: accepts from the shared listener and reads its own connections.
class Reader {
 public:
  Reader(int listener, Queue& queue) : listener_(listener), queue_(queue) {}

  void Run() {
    for (;;) {
      std::vector<pollfd> wanted{{.fd = listener_, .events = POLLIN, .revents = 0}};
      for (const auto& [fd, text] : texts_) wanted.push_back({fd, POLLIN, 0});
      poll(wanted.data(), wanted.size(), -1);
      if (wanted[0].revents != 0) Accept();
      for (size_t i = 1; i < wanted.size(); ++i) {
        if (wanted[i].revents != 0) Read(wanted[i].fd);
      }
    }
  }

 private:
  void Accept() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    SetNoDelay(fd);
    texts_[fd];
  }

  void Read(int fd) {
    std::string& text = texts_[fd];
    std::array<char, 4096> bytes{};
    const ssize_t got = recv(fd, bytes.data(), bytes.size(), 0);
    if (got <= 0) {
      texts_.erase(fd);
      close(fd);
      return;
    }
    text.append(bytes.data(), static_cast<size_t>(got));
    while (const auto size = MessageSize(text)) {
      const size_t begin = text.find(' ') + 1;
      queue_.Put({fd, text.substr(begin, text.find(' ', begin) - begin)});
      text.erase(0, *size);
    }
  }

  int listener_;
  Queue& queue_;
  std::map<int, std::string> texts_;  // what was read of the next request, by connection
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s PORT UPSTREAM READERS WORKERS\n", argv[0]);
    return 2;
  }
  Queue queue;
  const int listener = Listen(argv[1]);
  std::deque<std::jthread> threads;
  for (int i = 0; i < std::atoi(argv[4]); ++i) {
    threads.emplace_back([&queue, argv] { Work(queue, argv[2]); });
  }
  for (int i = 0; i < std::atoi(argv[3]); ++i) {
    threads.emplace_back([&queue, listener] { Reader(listener, queue).Run(); });
  }
}
