// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/pairer.h"

#include <algorithm>
#include <utility>

namespace spanwire::connection {
namespace {

// A queue that drains keeps no more slots than this.
constexpr size_t kCompactAt = 64;

Nanoseconds LastByteNs(const model::Exchange& exchange) {
  return std::max(exchange.request_at.last_ns, exchange.response_at.last_ns);
}

bool IsOneWay(const model::Exchange& exchange) {
  return exchange.request.kind == model::MessageKind::kOneWay;
}

// Waits for nothing but, perhaps, its request's end.
bool Answered(const model::Exchange& exchange) {
  return IsOneWay(exchange) || (exchange.has_response && exchange.response_at.complete);
}

// What the end of a message adds to its head.
void AddEnd(const model::Message& end, model::Message& message) {
  message.attributes.Merge(end.attributes);
  if (message.name.empty()) message.name = end.name;
  if (message.error_type.empty()) message.error_type = end.error_type;
  if (message.client_outcome == model::Outcome::kUnset) message.client_outcome = end.client_outcome;
  if (message.server_outcome == model::Outcome::kUnset) message.server_outcome = end.server_outcome;
}

}  // namespace

void MessagePairer::BeginRequest(const Head& head, bool lost) {
  if (head.message.stream == 0) CompleteAnswered();
  shared_.pairing.in.Add();
  shared_.pairing.held.Add();
  shared_.exchange.in.Add();
  shared_.exchange.held.Add();
  OpenExchange& open = *open_.emplace_back(shared_.pool.Take());
  model::Exchange& exchange = open.exchange;
  exchange.connection = &head.connection;
  exchange.is_client = head.is_client;
  exchange.ordinal = requests_++;
  exchange.protocol = head.protocol;
  exchange.request.Swap(head.message);
  exchange.request_at = head.at;
  open.messages = 1;
  open.turn = head.turn;
  exchange.ended_ns = head.at.last_ns;
  if (!Answered(exchange)) ++unanswered_;
  Resolve(open);
  shared_.exchanges->OnRequest(exchange);
  if (IsOneWay(exchange) && head.at.complete) {
    CompleteAt(open_.size() - 1);
  } else if (lost) {
    EndAt(open_.size() - 1, {model::Ending::kLost});
  }
}

bool MessagePairer::BeginResponse(const Head& head, bool orphan) {
  shared_.pairing.in.Add();
  OpenExchange* open = orphan ? nullptr : FindUnanswered(head.message.stream);
  const bool interim = head.message.kind == model::MessageKind::kInterim;
  if (open == nullptr || (!interim && open->exchange.has_response)) {
    (interim ? shared_.orphan_interim : shared_.orphan_response).Add();
    if (!interim) TellStray(head);
    return false;
  }
  shared_.pairing.held.Add();
  ++open->messages;
  model::Exchange& exchange = open->exchange;
  if (interim) {
    if (exchange.interim_ns == 0) exchange.interim_ns = head.at.first_ns;
    return true;
  }
  exchange.response.Swap(head.message);
  exchange.response_at = head.at;
  exchange.response_at.complete = false;  // EndResponse() says when
  exchange.has_response = true;
  Tell(model::StepKind::kResponse, exchange, head.at.last_ns, head.at.last_who);
  return true;
}

void MessagePairer::Tell(model::StepKind kind, const model::Exchange& exchange, Nanoseconds time_ns,
                         const model::ExecutionContext& who) const {
  shared_.exchanges->OnStep({.kind = kind,
                             .is_client = exchange.is_client,
                             .connection = exchange.connection->id,
                             .ordinal = exchange.ordinal,
                             .time_ns = time_ns,
                             .who = who});
}

void MessagePairer::TellStray(const Head& head) const {
  shared_.exchanges->OnStep({.kind = model::StepKind::kStray,
                             .is_client = head.is_client,
                             .connection = head.connection.id,
                             .ordinal = 0,
                             .time_ns = head.at.last_ns,
                             .who = head.at.last_who});
}

void MessagePairer::EndRequest(const End& end) {
  // Requests end in order: within a stream, only the newest can be incomplete.
  for (size_t i = open_.size(); i > head_; --i) {
    model::Exchange& exchange = open_[i - 1]->exchange;
    if (exchange.request.stream != end.stream) continue;
    if (exchange.request_at.complete) return;
    exchange.request_at.complete = true;
    exchange.request_at.end_offset = end.offset;
    exchange.request_at.last_ns = end.time_ns;
    exchange.request_at.last_who = end.who;
    if (end.message != nullptr) AddEnd(*end.message, exchange.request);
    Tell(model::StepKind::kRequestEnd, exchange, end.time_ns, end.who);
    if (IsOneWay(exchange)) exchange.ended_ns = end.time_ns;
    if (Answered(exchange)) CompleteAt(i - 1);
    return;
  }
}

bool MessagePairer::EndResponse(const End& end) {
  OpenExchange* open = FindUnanswered(end.stream);
  if (open == nullptr || !open->exchange.has_response) return false;
  model::Exchange& exchange = open->exchange;
  exchange.response_at.complete = true;
  exchange.response_at.end_offset = end.offset;
  exchange.response_at.last_ns = end.time_ns;
  exchange.response_at.last_who = end.who;
  exchange.ended_ns = end.time_ns;
  if (end.message != nullptr) AddEnd(*end.message, exchange.response);
  --unanswered_;
  // The rest of the request is still on its way: its end, the next request or the close completes
  // it.
  if (!exchange.request_at.complete) return true;
  const auto found = std::find_if(open_.begin() + static_cast<ptrdiff_t>(head_), open_.end(),
                                  [open](const auto& entry) { return entry.get() == open; });
  CompleteAt(static_cast<size_t>(found - open_.begin()));
  return true;
}

void MessagePairer::EndAll(model::Ending ending, uint16_t error, Nanoseconds now) {
  while (open() > 0) EndAt(head_, {ending, error, now});
}

void MessagePairer::LoseBefore(uint32_t turn) {
  while (open() > 0 && static_cast<int32_t>(turn - open_[head_]->turn) > 0) {
    EndAt(head_, {model::Ending::kLost});
  }
}

bool MessagePairer::EvictOldest() {
  const model::Exchange& exchange = open_[head_]->exchange;
  const bool owed = exchange.request.stream == 0 && !Answered(exchange) && !exchange.has_response;
  EndAt(head_, {model::Ending::kEvicted});
  return owed;
}

bool MessagePairer::WaitsSince(uint32_t turn) const {
  return open() > 0 && open_.back()->turn == turn && !Answered(open_.back()->exchange);
}

void MessagePairer::EndAt(size_t index, const Cut& cut) {
  model::Exchange& exchange = open_[index]->exchange;
  if (!Answered(exchange)) {
    exchange.ending = cut.ending;
    exchange.error = cut.error;
    exchange.ended_ns = std::max(cut.now, LastByteNs(exchange));
    --unanswered_;
  }
  CompleteAt(index);
}

Nanoseconds MessagePairer::OldestNs() const {
  return open() == 0 ? 0 : open_[head_]->exchange.request_at.first_ns;
}

OpenExchange* MessagePairer::FindUnanswered(uint64_t stream) {
  for (size_t i = head_; i < open_.size(); ++i) {
    const model::Exchange& exchange = open_[i]->exchange;
    if (exchange.request.stream == stream && !Answered(exchange)) return open_[i].get();
  }
  return nullptr;
}

// An answered exchange whose request never ended ends with the next request.
void MessagePairer::CompleteAnswered() {
  while (open() > 0 && Answered(open_[head_]->exchange)) CompleteAt(head_);
}

void MessagePairer::CompleteAt(size_t index) {
  std::unique_ptr<OpenExchange> done = std::move(open_[index]);
  if (index == head_) {
    ++head_;
    if (head_ == open_.size()) {
      open_.clear();
      head_ = 0;
    } else if (head_ > kCompactAt && head_ > open_.size() / 2) {
      open_.erase(open_.begin(), open_.begin() + static_cast<ptrdiff_t>(head_));
      head_ = 0;
    }
  } else {
    open_.erase(open_.begin() + static_cast<ptrdiff_t>(index));
  }
  HandOver(*done);
  shared_.pool.Give(std::move(done));
}

void MessagePairer::HandOver(OpenExchange& open) {
  // A span does not end before it begins, whatever times the records bring.
  model::Exchange& ended = open.exchange;
  ended.ended_ns = std::max(ended.ended_ns, ended.request_at.first_ns);
  if (ended.process == nullptr) Resolve(open);
  shared_.pairing.held.Subtract(open.messages);
  shared_.exchange.held.Subtract(1);
  shared_.pairing.out.Add(open.messages);
  shared_.exchange.out.Add();
  shared_.exchanges->OnExchange(open.exchange);
}

void MessagePairer::Resolve(OpenExchange& open) const {
  open.exchange.process = shared_.processes.Find(open.exchange.request_at.who.pid);
}

}  // namespace spanwire::connection
