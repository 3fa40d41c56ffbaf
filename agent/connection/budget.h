// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "agent/connection/policy.h"
#include "agent/model/connection.h"

namespace spanwire::connection {

// Decides how much the kernel copies of one connection, from what its messages looked like so far.
// A decision is sent only when it changes, and never before the second request: most connections
// carry one, and a decision costs a system call.
class CaptureBudget {
 public:
  CaptureBudget(model::ConnectionId id, PolicySink& sink) : id_(id), sink_(sink) {}

  void OnRequest(bool is_client);
  // A request was sent before the one ahead of it was answered.
  void OnPipelined();
  // A request took `size_bytes`, content included.
  void OnRequestSize(uint64_t size_bytes);
  // A request was answered before its content had passed: the next one may begin in the same turn.
  void OnEarlyAnswer() { early_ = true; }
  // The head of a response took `size_bytes`.
  void OnResponseHead(uint64_t size_bytes);
  // The ends of this side's messages can only be found in their content.
  void OnFramedContent(bool request);
  void OnExchange() { ++exchanges_; }
  // Bytes that were needed had not been copied.
  void OnLost();

  // The connection's bytes are of no interest: they are only counted, or not even that.
  void CountOnly();
  void Ignore();

  bool pipelined() const { return pipelined_; }
  // Bytes of a turn that the kernel copies; `fallback` while it was told nothing.
  uint32_t Limit(model::Direction direction, uint32_t fallback) const;

 private:
  Policy Choose() const;
  void Send(const Policy& policy);

  model::ConnectionId id_;
  PolicySink& sink_;
  Policy sent_;
  uint64_t largest_head_ = 0;
  uint64_t largest_request_ = 0;
  uint32_t exchanges_ = 0;
  bool is_client_ = false;
  bool told_ = false;
  bool pipelined_ = false;
  bool framed_request_ = false;
  bool framed_response_ = false;
  bool lost_ = false;
  bool early_ = false;
};

}  // namespace spanwire::connection
