// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <span>

#include "agent/base/time.h"
#include "agent/capture/kernel_tracer.h"
#include "agent/door/channel.h"
#include "agent/door/request.h"
#include "agent/keeper/rate_limit.h"
#include "agent/process/resolver.h"

namespace spanwire::keeper {

// Serves what the worker asks of the kernel and of /proc. A request is one that the parser of the
// door let through; here it meets what is really there: a process must be one that the kernel
// reported, and nothing is done more often than an honest worker could want. What is too much is
// left undone and counted.
class Doorman {
 public:
  struct Parts {
    capture::KernelTracer* tracer = nullptr;
    process::ProcResolver* resolver = nullptr;
    const Clock* clock = nullptr;
  };
  explicit Doorman(const Parts& parts) : parts_(parts) {}

  void SetPolicies(const door::PolicyRequest& request);
  void Sweep();
  // Answers through `channel`.
  void Describe(const door::DescribeRequest& request, door::Channel& channel);

  // A new worker knows nobody: the processes that the kernel described to the one before, as far as
  // they live, are told again, some at each call. True: there are more.
  void PlanIntroductions();
  bool Introduce(door::Channel& channel);

  uint64_t refused() const { return refused_; }

 private:
  bool Allows(RateLimit& limit, double amount);
  bool SendIdentity(const model::Process& process, uint64_t question, door::Channel& channel);

  Parts parts_;
  RateLimit policies_{200'000};
  RateLimit sweeps_{100};
  RateLimit descriptions_{20'000};
  std::deque<uint32_t> unknown_;  // processes to introduce
  uint64_t refused_ = 0;
};

}  // namespace spanwire::keeper
