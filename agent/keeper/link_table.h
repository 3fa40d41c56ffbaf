// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/door/request.h"

namespace spanwire::keeper {

// How the parents of spans were found, by process, over the lives of several workers.
class LinkTable {
 public:
  // What the present worker says of one process replaces what it said before.
  void Set(door::LinkCounts counts);
  void EndWorker();

  // In the order in which they were told of; the same process of several workers is one.
  std::vector<door::LinkCounts> processes() const;
  uint64_t disagreements() const { return past_disagreements_ + disagreements_; }

 private:
  std::map<uint32_t, door::LinkCounts> present_;  // by place
  std::vector<door::LinkCounts> past_;
  uint64_t disagreements_ = 0;
  uint64_t past_disagreements_ = 0;
};

}  // namespace spanwire::keeper
