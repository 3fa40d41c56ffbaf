// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <variant>

#include "agent/door/request.h"

using spanwire::door::ParseRequest;

namespace {

// What the parser let through may be used without another look.
struct Check {
  void operator()(const spanwire::door::Notice& notice) const {
    Require(notice.type >= SPANWIRE_DOOR_CONFINED && notice.type <= SPANWIRE_DOOR_COUNTED);
  }
  void operator()(const spanwire::door::StageLayout& stage) const {
    Require(!stage.name.empty() && !stage.unit.empty());
    Require(stage.in < SPANWIRE_SHARED_COUNTERS && stage.held < SPANWIRE_SHARED_COUNTERS);
    Require(stage.reasons.size() <= SPANWIRE_DOOR_REASONS);
    for (const auto& [name, counter] : stage.reasons) {
      Require(!name.empty() && counter < SPANWIRE_SHARED_COUNTERS);
    }
    // What came in can be said again.
    Require(spanwire::door::MakeStage(stage).has_value());
  }
  void operator()(const spanwire::door::PolicyRequest& request) const {
    Require(!request.policies.empty() && request.policies.size() <= SPANWIRE_DOOR_POLICIES);
    for (const auto& entry : request.policies) {
      Require(entry.connection != 0 && entry.policy.mode <= SPANWIRE_POLICY_IGNORE);
    }
  }
  void operator()(const spanwire::door::DescribeRequest& request) const {
    Require(request.question != 0);
  }
  void operator()(const spanwire::door::LinkCounts& counts) const {
    Require(counts.place < SPANWIRE_DOOR_LINK_PLACES);
    Require(counts.service.size() < SPANWIRE_DOOR_SERVICE);
  }
  static void Require(bool condition) {
    if (!condition) std::abort();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto request = ParseRequest(std::as_bytes(std::span(data, size)));
  if (request) std::visit(Check{}, *request);
  return 0;
}
