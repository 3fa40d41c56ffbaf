// SPDX-License-Identifier: Apache-2.0
#include "tests/support/load/connection.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

namespace spanwire::load {
namespace {

constexpr uint64_t kNever = UINT64_MAX;
constexpr size_t kReadBuffer = 65536;
constexpr size_t kChunk = 1000;

uint16_t LocalPort(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  }
  if (address.ss_family != AF_INET) return 0;
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

std::string Content(const Plan& plan) {
  std::string content(plan.body_bytes, 'b');
  if (!plan.chunked_body) return content;
  std::string chunks;
  for (size_t at = 0; at < content.size(); at += kChunk) {
    const size_t size = std::min(kChunk, content.size() - at);
    std::array<char, 24> head{};
    chunks.append(head.data(), std::snprintf(head.data(), head.size(), "%zx\r\n", size));
    chunks.append(content, at, size).append("\r\n");
  }
  return chunks.append("0\r\n\r\n");
}

std::string Head(const Plan& plan, const std::string& path) {
  std::string head = plan.method + " " + path + (plan.http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  head += "Host: " + plan.target.host + "\r\n";
  for (const std::string& field : plan.fields) head += field + "\r\n";
  if (plan.expect_continue) head += "Expect: 100-continue\r\n";
  if (plan.chunked_body) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (plan.has_body) {
    head += "Content-Length: " + std::to_string(plan.body_bytes) + "\r\n";
  }
  return head + "\r\n";
}

std::string Replace(std::string text, std::string_view what, std::string_view with) {
  const size_t at = text.find(what);
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

}  // namespace

bool Schedule::Take(uint64_t now_ns) {
  if (clock_start_ns_ == 0) clock_start_ns_ = now_ns;
  if (left_ == 0 || NextNs() > now_ns) return false;
  --left_;
  ++taken_;
  return true;
}

uint64_t Schedule::NextNs() const {
  if (AtLimit()) return kNever;
  if (rate_ <= 0) return 0;
  const double due = static_cast<double>(taken_ - clock_start_at_) * 1e9 / rate_;
  return clock_start_ns_ + static_cast<uint64_t>(due);
}

void Schedule::Limit(uint64_t count) {
  limit_ = count;
  clock_start_ns_ = 0;
  clock_start_at_ = taken_;
}

void Connection::Open() {
  const Target& target = plan_.target;
  const int family = target.address.ss_family;
  socket_.Reset(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (plan_.read_pause_ns > 0) {
    const int small = 8192;
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
  }
  if (connect(socket_.get(), reinterpret_cast<const sockaddr*>(&target.address), target.length) !=
      0) {
    socket_.Reset();
    return;
  }
  const int on = 1;
  if (family != AF_UNIX) setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
  local_port_ = LocalPort(socket_.get());
}

pollfd Connection::Wanted(uint64_t now_ns) const {
  pollfd wanted{.fd = socket_.get(), .events = 0, .revents = 0};
  if (!in_flight_.empty() && read_after_ns_ <= now_ns) wanted.events |= POLLIN;
  if (sent_ < WriteLimit() && write_after_ns_ <= now_ns) wanted.events |= POLLOUT;
  if (wanted.events == 0) wanted.fd = -1;
  return wanted;
}

uint64_t Connection::NextNs() const {
  uint64_t next = kNever;
  if (!in_flight_.empty()) {
    next = read_after_ns_ > 0 ? read_after_ns_ : kNever;
    const uint64_t started = in_flight_.front().truth.start_ns;
    if (started > 0 && plan_.timeout_ns > 0) next = std::min(next, started + plan_.timeout_ns);
  }
  if (HasOutput() && write_after_ns_ > 0) next = std::min(next, write_after_ns_);
  if (in_flight_.size() <= plan_.depth / 2) {
    next = std::min(next, std::max(not_before_ns_, schedule_.NextNs()));
  }
  return next;
}

void Connection::Advance(short revents, uint64_t now_ns) {
  if (revents != 0 && !in_flight_.empty() && read_after_ns_ <= now_ns) Read();
  if (!in_flight_.empty() && plan_.timeout_ns > 0) {
    const uint64_t started = in_flight_.front().truth.start_ns;
    if (started > 0 && now_ns > started + plan_.timeout_ns) End("timeout", now_ns);
  }
  StartRequests(now_ns);
  if (socket_ && HasOutput() && write_after_ns_ <= now_ns) Write();
}

void Connection::StartRequests(uint64_t now_ns) {
  if (now_ns < not_before_ns_ || in_flight_.size() > plan_.depth / 2) return;
  while (in_flight_.size() < plan_.depth && schedule_.Take(now_ns)) {
    if (!socket_) Open();
    Queue(plan_.id_prefix + std::to_string(schedule_.taken()));
    if (!socket_) return End("refused", NowNs());
    if (plan_.new_connection) return;
  }
}

void Connection::Queue(const std::string& id) {
  Request request{.truth = {}, .reply = ReplyParser(plan_.method == "HEAD")};
  request.truth.id = id;
  request.truth.path = Replace(plan_.path, "{id}", id);
  request.truth.request_body = plan_.body_bytes;
  request.truth.local_port = local_port_;
  request.begin = out_base_ + out_.size();
  out_ += Head(plan_, request.truth.path);
  request.content_begin = out_base_ + out_.size();
  if (plan_.has_body) out_ += Content(plan_);
  in_flight_.push_back(std::move(request));
}

size_t Connection::WriteLimit() const {
  const bool waits =
      plan_.expect_continue && !in_flight_.empty() && !in_flight_.back().reply.saw_continue();
  return waits ? in_flight_.back().content_begin : out_base_ + out_.size();
}

void Connection::Write() {
  size_t size = WriteLimit() - sent_;
  if (plan_.write_bytes > 0) size = std::min<size_t>(size, plan_.write_bytes);
  if (size == 0) return;
  const uint64_t before = NowNs();
  const std::string_view bytes = std::string_view(out_).substr(sent_ - out_base_, size);
  const ssize_t written = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (written < 0) {
    if (errno == EAGAIN || errno == EINTR) return;
    MarkStarted(before, sent_ + 1);
    return Read();  // an answer may lie there; the read tells how it ended
  }
  MarkStarted(before, sent_ + static_cast<size_t>(written));
  sent_ += static_cast<size_t>(written);
  if (plan_.write_pause_ns > 0) write_after_ns_ = NowNs() + plan_.write_pause_ns;
  if (HasOutput()) return;
  out_.clear();
  out_base_ = sent_;
  if (plan_.reset_after_send) End("aborted", NowNs());
}

void Connection::MarkStarted(uint64_t time_ns, uint64_t sent_end) {
  for (Request& request : in_flight_) {
    if (request.truth.start_ns == 0 && request.begin < sent_end) request.truth.start_ns = time_ns;
  }
}

void Connection::Read() {
  static thread_local std::array<char, kReadBuffer> buffer;
  const size_t size = std::min<size_t>(plan_.read_bytes, buffer.size());
  const ssize_t got = recv(socket_.get(), buffer.data(), size, 0);
  const uint64_t after = NowNs();
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) return End("reset", after);
  if (plan_.read_pause_ns > 0) read_after_ns_ = after + plan_.read_pause_ns;
  if (got > 0) return OnBytes({buffer.data(), static_cast<size_t>(got)}, after);
  if (in_flight_.front().reply.FeedEnd()) Answered(after);
  End("closed", after);
}

void Connection::OnBytes(std::string_view bytes, uint64_t time_ns) {
  while (!bytes.empty() && !in_flight_.empty()) {
    ReplyParser& reply = in_flight_.front().reply;
    bytes.remove_prefix(reply.Feed(bytes));
    if (reply.failed()) return End("garbage", time_ns);
    if (!reply.done()) return;
    Answered(time_ns);
  }
  if (close_when_idle_) End("closed", time_ns);
}

void Connection::Answered(uint64_t time_ns) {
  Request& request = in_flight_.front();
  request.truth.end_ns = time_ns;
  request.truth.status = request.reply.status();
  request.truth.response_body = request.reply.body_bytes();
  request.truth.ended = "answered";
  log_.Write(request.truth);
  close_when_idle_ = plan_.new_connection || request.reply.must_close();
  in_flight_.pop_front();
  if (plan_.think_ns > 0) not_before_ns_ = time_ns + plan_.think_ns;
  if (in_flight_.empty() && plan_.new_connection) Close(false);
}

// Everything in flight ends like this, and so does the connection.
void Connection::End(std::string_view how, uint64_t time_ns) {
  for (Request& request : in_flight_) {
    request.truth.end_ns = time_ns;
    request.truth.status = request.reply.status();
    request.truth.response_body = request.reply.body_bytes();
    request.truth.ended = how;
    log_.Write(request.truth);
  }
  in_flight_.clear();
  Close(how == "aborted");
}

void Connection::Close(bool reset) {
  if (reset) {
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }
  socket_.Reset();
  out_.clear();
  out_base_ = sent_;
  close_when_idle_ = false;
  read_after_ns_ = write_after_ns_ = 0;
}

}  // namespace spanwire::load
