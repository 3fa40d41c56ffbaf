// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "agent/trace/link/evidence.h"

namespace spanwire::trace::link {

// A request that a rule takes for the cause of a call. `confidence`: the part of such claims that
// are right, from 0 to 1.
struct Claim {
  Handle request{};
  double confidence = 0;
};

// One way to find the parent of a call. Stateless; shared by all threads.
class Rule {
 public:
  virtual ~Rule() = default;
  virtual Method method() const = 0;
  // Nothing when the rule does not apply, or not yet.
  virtual std::optional<Claim> Judge(const Evidence& evidence, const Traits& traits) const = 0;
};

// The call carries the trace header or the request id of exactly one open request.
class HeaderRule final : public Rule {
 public:
  Method method() const override { return Method::kHeader; }
  std::optional<Claim> Judge(const Evidence& evidence, const Traits& traits) const override;
};

// Goroutines, asyncio tasks: the calls made in a context belong to the request whose reply the
// context sends next, if that request came before the call.
class ContextRule final : public Rule {
 public:
  Method method() const override { return Method::kContext; }
  std::optional<Claim> Judge(const Evidence& evidence, const Traits& traits) const override;
};

// A context made by one that serves a single request works for that request. Only where client
// connections are not pooled: in a pool, who dials need not be who sends.
class CreatorRule final : public Rule {
 public:
  Method method() const override { return Method::kCreator; }
  std::optional<Claim> Judge(const Evidence& evidence, const Traits& traits) const override;
};

// A thread that read one request, made the call, read its answer and then sent that request's
// reply, with no other request open in it and no other call under way.
class ThreadRule final : public Rule {
 public:
  Method method() const override { return Method::kThread; }
  std::optional<Claim> Judge(const Evidence& evidence, const Traits& traits) const override;
};

// An event loop handles what it read before it reads on. What it had read, and nothing else, when
// it made the call, and where it went on when it had read the answer, both lead to one request.
class TickRule final : public Rule {
 public:
  Method method() const override { return Method::kTick; }
  std::optional<Claim> Judge(const Evidence& evidence, const Traits& traits) const override;
};

// A call that waited in the process for a connection to become free: only its answer tells. In
// processes whose ticks have proven reliable many times over.
class AnswerRule final : public Rule {
 public:
  Method method() const override { return Method::kAnswer; }
  std::optional<Claim> Judge(const Evidence& evidence, const Traits& traits) const override;
};

// What all rules together say of a call.
struct Verdict {
  Method method = Method::kNone;  // of the most confident rule; kNone: no claim, or conflict
  Handle request{};
  double confidence = 0;
  bool conflict = false;  // evidence names two requests
};
Verdict Judge(const Evidence& evidence, const Traits& traits);

// The evidence agrees, and what it lacks is a longer record of the process, which so far is clean:
// it may come.
bool AwaitsProof(const Evidence& evidence, const Traits& traits);

std::string_view NameOf(Method method);
std::string_view NameOf(Reason reason);

}  // namespace spanwire::trace::link
