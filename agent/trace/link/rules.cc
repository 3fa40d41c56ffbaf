// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/link/rules.h"

#include <algorithm>
#include <array>

namespace spanwire::trace::link {
namespace {

// Comparisons that must have agreed before evidence counts while several requests are open, and the
// share of those that may have disagreed.
constexpr uint32_t kProven = 8;
constexpr uint32_t kThreadSlips = 200;
constexpr uint32_t kTickSlips = 256;
constexpr uint32_t kReplySlips = 20;  // lost records look like such
// Where there is one kind of evidence only.
constexpr uint32_t kWellProven = 64;
constexpr uint32_t kRareSlips = 1024;

constexpr double kMostSure = 0.9999;

bool TicksHold(const Traits& traits, uint32_t least, uint32_t one_in) {
  return traits.threads.Holds(least, kThreadSlips) && traits.ticks.Holds(least, one_in) &&
         traits.replies.Holds(least, kReplySlips);
}

const HeaderRule kHeaderRule;
const ContextRule kContextRule;
const CreatorRule kCreatorRule;
const ThreadRule kThreadRule;
const TickRule kTickRule;
const AnswerRule kAnswerRule;
const std::array<const Rule*, 6> kRules{&kHeaderRule, &kContextRule, &kCreatorRule,
                                        &kThreadRule, &kTickRule,    &kAnswerRule};

}  // namespace

std::optional<Claim> HeaderRule::Judge(const Evidence& evidence, const Traits& /*traits*/) const {
  if (!evidence.header) return std::nullopt;
  return Claim{evidence.header, 0.9995};
}

std::optional<Claim> ContextRule::Judge(const Evidence& evidence, const Traits& /*traits*/) const {
  if (!evidence.own_context || evidence.inherited || !evidence.replied) return std::nullopt;
  if (evidence.sole && evidence.sole != evidence.replied) return std::nullopt;
  return Claim{evidence.replied, 0.999};
}

std::optional<Claim> CreatorRule::Judge(const Evidence& evidence, const Traits& traits) const {
  if (!evidence.own_context || !evidence.inherited || evidence.reused) return std::nullopt;
  if (!evidence.sole || evidence.sole != evidence.replied) return std::nullopt;
  if (!evidence.alone && !traits.created.Holds(kProven, kRareSlips)) return std::nullopt;
  return Claim{evidence.replied, 0.999};
}

std::optional<Claim> ThreadRule::Judge(const Evidence& evidence, const Traits& traits) const {
  if (evidence.own_context || evidence.overlapped || !evidence.same_context) return std::nullopt;
  if (!evidence.sole || evidence.sole != evidence.replied) return std::nullopt;
  if (!traits.threads.Holds(evidence.alone ? 0 : kProven, kThreadSlips)) return std::nullopt;
  return Claim{evidence.sole, 0.999};
}

std::optional<Claim> TickRule::Judge(const Evidence& evidence, const Traits& traits) const {
  if (!evidence.forward || evidence.several || evidence.contradictory) return std::nullopt;
  if (evidence.forward != evidence.backward) return std::nullopt;
  if (!traits.threads.Holds(0, kThreadSlips)) return std::nullopt;
  if (!evidence.alone && !TicksHold(traits, kProven, kTickSlips)) return std::nullopt;
  return Claim{evidence.forward, 0.999};
}

std::optional<Claim> AnswerRule::Judge(const Evidence& evidence, const Traits& traits) const {
  if ((evidence.forward && !evidence.weak) || evidence.several || evidence.contradictory) {
    return std::nullopt;
  }
  if (!evidence.backward || !evidence.reused) return std::nullopt;
  if (!TicksHold(traits, kWellProven, kRareSlips)) return std::nullopt;
  return Claim{evidence.backward, 0.998};
}

Verdict Judge(const Evidence& evidence, const Traits& traits) {
  Verdict verdict;
  double doubt = 1;
  for (const Rule* rule : kRules) {
    const auto claim = rule->Judge(evidence, traits);
    if (!claim) continue;
    if (verdict.request && verdict.request != claim->request) return {.conflict = true};
    doubt *= 1 - claim->confidence;
    if (verdict.request) continue;
    verdict.request = claim->request;
    verdict.method = rule->method();
  }
  if (verdict.request) {
    verdict.confidence = std::min(1 - doubt, kMostSure);
    return verdict;
  }
  verdict.conflict = evidence.several || evidence.contradictory ||
                     (evidence.forward && evidence.backward && !evidence.weak &&
                      evidence.forward != evidence.backward);
  return verdict;
}

bool AwaitsProof(const Evidence& evidence, const Traits& traits) {
  if (evidence.several || evidence.contradictory || !evidence.forward) return false;
  return evidence.forward == evidence.backward && traits.ticks.Clean() && traits.replies.Clean() &&
         traits.threads.Clean() && !TicksHold(traits, kProven, kTickSlips);
}

std::string_view NameOf(Method method) {
  constexpr std::array<std::string_view, static_cast<size_t>(Method::kCount)> kNames{
      "none", "header", "context", "creator", "thread", "tick", "answer"};
  return kNames[static_cast<size_t>(method)];
}

std::string_view NameOf(Reason reason) {
  constexpr std::array<std::string_view, static_cast<size_t>(Reason::kCount)> kNames{
      "linked", "root", "no_evidence", "ambiguous", "unproven", "waited", "evicted", "cycle"};
  return kNames[static_cast<size_t>(reason)];
}

}  // namespace spanwire::trace::link
