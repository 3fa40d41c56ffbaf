// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/doorman.h"

#include <cstring>
#include <optional>
#include <string>

#include "agent/capture/decode.h"
#include "agent/capture/identity_codec.h"

namespace spanwire::keeper {
namespace {

constexpr int kIntroductionsAtOnce = 32;

spanwire_door_answer AnswerTo(uint64_t question, spanwire_door_type type, size_t size) {
  return {{static_cast<uint16_t>(type), 0, static_cast<uint32_t>(size)}, question};
}

}  // namespace

bool Doorman::Allows(RateLimit& limit, double amount) {
  if (limit.Allows(amount, parts_.clock->Now().monotonic_ns)) return true;
  ++refused_;
  return false;
}

void Doorman::SetPolicies(const door::PolicyRequest& request) {
  if (!Allows(policies_, static_cast<double>(request.policies.size()))) return;
  for (const auto& entry : request.policies) {
    parts_.tracer->SetPolicy(entry.connection, entry.policy);
  }
}

void Doorman::Sweep() {
  if (Allows(sweeps_, 1)) parts_.tracer->Sweep();
}

bool Doorman::SendIdentity(const model::Process& process, uint64_t question,
                           door::Channel& channel) {
  std::string message(sizeof(spanwire_door_answer), '\0');
  capture::EncodeIdentity(process, message);
  if (message.size() > SPANWIRE_DOOR_IDENTITY_MAX) return false;
  const auto answer = AnswerTo(question, SPANWIRE_DOOR_IDENTITY, message.size());
  std::memcpy(message.data(), &answer, sizeof(answer));
  return channel.Send(std::as_bytes(std::span(message))) == door::Channel::Sent::kYes;
}

void Doorman::Describe(const door::DescribeRequest& request, door::Channel& channel) {
  model::KernelProcess kernel;
  const auto record = std::as_bytes(std::span(&request.process, 1));
  const bool known = capture::DecodeProcess(record, kernel) &&
                     parts_.tracer->StartOf(kernel.pid) == kernel.start_ns;
  if (!known) ++refused_;
  if (known && Allows(descriptions_, 1) &&
      SendIdentity(parts_.resolver->Resolve(kernel), request.question, channel)) {
    return;
  }
  const auto refusal =
      AnswerTo(request.question, SPANWIRE_DOOR_REFUSED, sizeof(spanwire_door_answer));
  channel.Send(door::BytesOf(refusal));
}

void Doorman::PlanIntroductions() {
  const auto pids = parts_.tracer->processes();
  unknown_.assign(pids.begin(), pids.end());
}

bool Doorman::Introduce(door::Channel& channel) {
  for (int i = 0; i < kIntroductionsAtOnce && !unknown_.empty(); ++i) {
    model::KernelProcess kernel;
    kernel.pid = unknown_.front();
    kernel.start_ns = parts_.tracer->StartOf(kernel.pid).value_or(0);
    const auto process = kernel.start_ns == 0 ? std::nullopt : parts_.resolver->FindAlive(kernel);
    if (process && !SendIdentity(*process, 0, channel)) return true;
    unknown_.pop_front();
  }
  return !unknown_.empty();
}

}  // namespace spanwire::keeper
