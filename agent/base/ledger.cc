// SPDX-License-Identifier: Apache-2.0
#include "agent/base/ledger.h"

namespace spanwire {

Counter& CounterSpace::Next() {
  if (used_ < shared_.size()) return shared_[used_++];
  return own_.emplace_back();
}

std::optional<size_t> CounterSpace::IndexOf(const Counter& counter) const {
  for (size_t i = 0; i < used_; ++i) {
    if (&shared_[i] == &counter) return i;
  }
  return std::nullopt;
}

Counter& Stage::Drop(std::string_view reason) {
  for (auto& [name, counter] : drops_) {
    if (name == reason) return *counter;
  }
  return *drops_.emplace_back(reason, &space_->Next()).second;
}

uint64_t Stage::Dropped() const {
  uint64_t sum = 0;
  for (const auto& [name, counter] : drops_) sum += counter->Get();
  return sum;
}

Stage& Ledger::AddStage(std::string name, std::string unit) {
  for (const auto& stage : stages_) {
    if (stage->name() == name) return *stage;
  }
  return *stages_.emplace_back(std::make_unique<Stage>(std::move(name), std::move(unit), &space_));
}

// Names and reasons are our own identifiers: nothing in them needs escaping.
std::string Ledger::ToJson() const {
  std::string json = "{\"stages\":[";
  for (const auto& stage : stages_) {
    if (json.back() != '[') json += ',';
    json += "{\"name\":\"" + stage->name() + "\",\"unit\":\"" + stage->unit() + "\"";
    json += ",\"in\":" + std::to_string(stage->in.Get());
    json += ",\"out\":" + std::to_string(stage->out.Get());
    json += ",\"held\":" + std::to_string(stage->held.Get()) + ",\"dropped\":{";
    for (const auto& [reason, counter] : stage->drops()) {
      if (json.back() != '{') json += ',';
      json += "\"" + reason + "\":" + std::to_string(counter->Get());
    }
    json += "}}";
  }
  return json + "]}";
}

std::string Ledger::ToLine() const {
  std::string flow;
  std::string losses;
  for (const auto& stage : stages_) {
    if (!flow.empty()) flow += " | ";
    flow += stage->name() + " " + std::to_string(stage->out.Get()) + " " + stage->unit();
    for (const auto& [reason, counter] : stage->drops()) {
      if (counter->Get() == 0) continue;
      losses += losses.empty() ? "" : ", ";
      losses += stage->name() + " " + reason + " " + std::to_string(counter->Get());
    }
  }
  return flow + " | lost: " + (losses.empty() ? "nothing" : losses);
}

}  // namespace spanwire
