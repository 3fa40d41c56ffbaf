// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "agent/model/event.h"

namespace spanwire::test {

// Keeps all events. The views in `data` are dead; `payloads` has their bytes.
class CollectingSink final : public model::EventSink {
 public:
  void OnData(const model::DataEvent& event) override {
    data.push_back(event);
    data.back().bytes = {};
    payloads.emplace_back(event.bytes);
  }
  void OnConnection(const model::ConnectionEvent& event) override { connections.push_back(event); }
  void OnProcess(const model::Process& process) override { processes.push_back(process); }
  void OnTick(const ClockAnchor& now) override { ticks.push_back(now); }

  std::vector<model::DataEvent> data;
  std::vector<std::string> payloads;
  std::vector<model::ConnectionEvent> connections;
  std::vector<model::Process> processes;
  std::vector<ClockAnchor> ticks;
};

}  // namespace spanwire::test
