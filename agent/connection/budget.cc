// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/budget.h"

#include <algorithm>
#include <bit>

namespace spanwire::connection {
namespace {

// Budgets in bytes. Of a response only the head matters, which is where a call begins, as a rule:
// so little is copied of each call, but of many calls, for a server that is sent requests faster
// than it answers writes several heads in one turn.
constexpr uint64_t kLeastHead = 512;
constexpr uint64_t kResponseTurn = 65'536;
constexpr uint64_t kRequest = 16'384;
// Where requests are answered early, the next one's head lies somewhere behind content.
constexpr uint64_t kEarlyCall = 4096;
constexpr uint64_t kFramed = uint64_t{256} << 10;
constexpr uint64_t kEverything = uint64_t{1} << 20;

}  // namespace

void CaptureBudget::OnRequest(bool is_client) {
  is_client_ = is_client;
  if (exchanges_ > 0) Send(Choose());
}

void CaptureBudget::OnPipelined() {
  pipelined_ = true;
  Send(Choose());
}

void CaptureBudget::OnRequestSize(uint64_t size_bytes) {
  largest_request_ = std::max(largest_request_, size_bytes);
}

void CaptureBudget::OnResponseHead(uint64_t size_bytes) {
  largest_head_ = std::max(largest_head_, size_bytes);
}

void CaptureBudget::OnFramedContent(bool request) {
  (request ? framed_request_ : framed_response_) = true;
}

void CaptureBudget::OnLost() {
  lost_ = true;
  if (told_) Send(Choose());
}

void CaptureBudget::CountOnly() {
  Policy policy;
  policy.mode = Policy::Mode::kCount;
  Send(policy);
}

void CaptureBudget::Ignore() {
  Policy policy;
  policy.mode = Policy::Mode::kIgnore;
  Send(policy);
}

uint32_t CaptureBudget::Limit(model::Direction direction, uint32_t fallback) const {
  if (!told_) return fallback;
  return direction == model::Direction::kReceive ? sent_.rx_call_bytes : sent_.tx_call_bytes;
}

Policy CaptureBudget::Choose() const {
  uint64_t head = std::bit_ceil(std::max(kLeastHead, 2 * largest_head_));
  uint64_t response = std::max(kResponseTurn, head);
  uint64_t request = kRequest;
  if (lost_) head = std::max(head, kRequest);
  if (framed_response_) head = response = std::max(response, kFramed);
  if (framed_request_) request = std::max(request, kFramed);
  if (pipelined_) request = response = head = kEverything;
  uint64_t request_call = request;
  if (early_) {
    request = kEverything;
    request_call = kEarlyCall;
  }
  const auto request_bytes = static_cast<uint32_t>(std::min(request, kEverything));
  const auto response_bytes = static_cast<uint32_t>(std::min(response, kEverything));
  Policy policy;
  policy.rx_bytes = is_client_ ? response_bytes : request_bytes;
  policy.tx_bytes = is_client_ ? request_bytes : response_bytes;
  // A little room, so that not every longer path is news.
  policy.single_bytes = static_cast<uint32_t>(std::min((largest_request_ + 95) / 64 * 64, request));
  const auto request_call_bytes = static_cast<uint32_t>(std::min(request_call, kEverything));
  const auto head_bytes = static_cast<uint32_t>(std::min(head, kEverything));
  policy.rx_call_bytes = is_client_ ? head_bytes : request_call_bytes;
  policy.tx_call_bytes = is_client_ ? request_call_bytes : head_bytes;
  return policy;
}

void CaptureBudget::Send(const Policy& policy) {
  if (told_ && policy == sent_) return;
  told_ = true;
  sent_ = policy;
  sink_.Set(id_, policy);
}

}  // namespace spanwire::connection
