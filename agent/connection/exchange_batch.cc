// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/exchange_batch.h"

#include <utility>

namespace spanwire::connection {

ExchangeBatch::Copy& ExchangeBatch::TakeCopy(uint32_t place, Kind kind,
                                             const model::Connection& connection) {
  if (copies_used_ == copies_.size()) copies_.push_back(std::make_unique<Copy>());
  calls_.push_back({{place, connection.id}, kind, static_cast<uint32_t>(copies_used_)});
  Copy& copy = *copies_[copies_used_++];
  copy.connection = connection;
  return copy;
}

void ExchangeBatch::AddRequest(uint32_t place, const model::Exchange& exchange) {
  Copy& copy = TakeCopy(place, Kind::kRequest, *exchange.connection);
  copy.exchange = exchange;
  copy.exchange.connection = &copy.connection;
}

void ExchangeBatch::AddStep(uint32_t place, const model::Step& step) {
  calls_.push_back({{place, step.connection}, Kind::kStep, static_cast<uint32_t>(steps_.size())});
  steps_.push_back(step);
}

void ExchangeBatch::AddExchange(uint32_t place, model::Exchange& exchange) {
  Copy& copy = TakeCopy(place, Kind::kExchange, *exchange.connection);
  std::swap(copy.exchange, exchange);
  copy.exchange.connection = &copy.connection;
}

void ExchangeBatch::PlayFront(model::ExchangeSink& sink) {
  const Call& call = calls_[next_++];
  switch (call.kind) {
    case Kind::kRequest: sink.OnRequest(copies_[call.index]->exchange); return;
    case Kind::kStep: sink.OnStep(steps_[call.index]); return;
    case Kind::kExchange: sink.OnExchange(copies_[call.index]->exchange); return;
  }
}

void ExchangeBatch::Clear() {
  calls_.clear();
  steps_.clear();
  next_ = 0;
  copies_used_ = 0;
  if (copies_.size() > kKeep) copies_.resize(kKeep);
}

}  // namespace spanwire::connection
