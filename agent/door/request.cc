// SPDX-License-Identifier: Apache-2.0
#include "agent/door/request.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "agent/base/byte_reader.h"

namespace spanwire::door {
namespace {

// No policy copies more of a turn than this: it is far above what any parser asks for.
constexpr uint32_t kMaxPolicyBytes = 1u << 30;

bool IsNameLetter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_' ||
         letter == '-' || letter == '/';
}

// The name in a field: letters, then zeros to its end. Empty when it is none.
std::string_view NameIn(std::span<const char, SPANWIRE_DOOR_NAME> field) {
  const auto end = std::ranges::find(field, '\0');
  if (end == field.end() || end == field.begin()) return {};
  if (!std::all_of(field.begin(), end, IsNameLetter)) return {};
  if (!std::all_of(end, field.end(), [](char c) { return c == '\0'; })) return {};
  return {field.data(), static_cast<size_t>(end - field.begin())};
}

bool PutName(std::string_view name, std::span<char, SPANWIRE_DOOR_NAME> field) {
  const bool fits = !name.empty() && name.size() < field.size();
  if (!fits || !std::ranges::all_of(name, IsNameLetter)) return false;
  std::ranges::copy(name, field.begin());
  return true;
}

bool IsCounter(uint32_t index) { return index < SPANWIRE_SHARED_COUNTERS; }

// The message as a whole; nothing when it has another size.
template <typename Message>
std::optional<Message> Whole(std::span<const std::byte> message) {
  if (message.size() != sizeof(Message)) return std::nullopt;
  return ByteReader(message).ReadPod<Message>();
}

bool IsPolicy(const spanwire_door_policy& entry) {
  const spanwire_policy& policy = entry.policy;
  const auto largest = std::max({policy.rx_bytes, policy.tx_bytes, policy.rx_call_bytes,
                                 policy.tx_call_bytes, policy.single_bytes});
  return entry.connection != 0 && entry.reserved == 0 && largest <= kMaxPolicyBytes &&
         policy.mode <= SPANWIRE_POLICY_IGNORE;
}

std::optional<Request> ParseNotice(std::span<const std::byte> message) {
  const auto notice = Whole<spanwire_door_plain>(message);
  if (!notice) return std::nullopt;
  return Notice{static_cast<spanwire_door_type>(notice->type)};
}

// What was not used of `reasons` is zero.
bool RestIsZero(const spanwire_door_stage& stage) {
  const auto rest = std::as_bytes(std::span(stage.reasons).subspan(stage.reason_count));
  return std::ranges::all_of(rest, [](std::byte b) { return b == std::byte{0}; });
}

std::optional<Request> ParseStage(std::span<const std::byte> message) {
  const auto stage = Whole<spanwire_door_stage>(message);
  if (!stage || stage->reason_count > SPANWIRE_DOOR_REASONS || !RestIsZero(*stage)) {
    return std::nullopt;
  }
  StageLayout layout{std::string(NameIn(stage->name)),
                     std::string(NameIn(stage->unit)),
                     stage->in,
                     stage->out,
                     stage->held,
                     {}};
  if (layout.name.empty() || layout.unit.empty()) return std::nullopt;
  if (!IsCounter(layout.in) || !IsCounter(layout.out) || !IsCounter(layout.held)) {
    return std::nullopt;
  }
  for (const auto& reason : std::span(stage->reasons).first(stage->reason_count)) {
    const std::string_view name = NameIn(reason.name);
    if (name.empty() || !IsCounter(reason.counter) || reason.reserved != 0) return std::nullopt;
    layout.reasons.emplace_back(name, reason.counter);
  }
  return layout;
}

std::optional<Request> ParsePolicies(std::span<const std::byte> message) {
  constexpr size_t kFixed = offsetof(spanwire_door_policies, policies);
  if (message.size() < kFixed || message.size() > sizeof(spanwire_door_policies)) {
    return std::nullopt;
  }
  spanwire_door_policies request{};
  std::memcpy(&request, message.data(), message.size());
  if (request.count == 0 || request.count > SPANWIRE_DOOR_POLICIES || request.reserved != 0 ||
      message.size() != kFixed + request.count * sizeof(spanwire_door_policy)) {
    return std::nullopt;
  }
  const auto policies = std::span(request.policies).first(request.count);
  if (!std::ranges::all_of(policies, IsPolicy)) return std::nullopt;
  return PolicyRequest{{policies.begin(), policies.end()}};
}

std::optional<Request> ParseLinks(std::span<const std::byte> message) {
  const auto links = Whole<spanwire_door_links>(message);
  if (!links || links->count > SPANWIRE_DOOR_LINK_KINDS || links->reserved != 0 ||
      links->place >= SPANWIRE_DOOR_LINK_PLACES) {
    return std::nullopt;
  }
  const auto end = std::ranges::find(links->service, '\0');
  if (end == std::end(links->service)) return std::nullopt;
  LinkCounts counts{links->place,
                    links->pid,
                    links->disagreements,
                    std::string(std::begin(links->service), end),
                    {}};
  for (const auto& link : std::span(links->links).first(links->count)) {
    const std::string_view how = NameIn(link.how);
    if (how.empty()) return std::nullopt;
    counts.spans.emplace_back(how, link.spans);
  }
  return counts;
}

std::optional<Request> ParseDescribe(std::span<const std::byte> message) {
  const auto request = Whole<spanwire_door_describe>(message);
  if (!request || request->question == 0) return std::nullopt;
  return DescribeRequest{request->question, request->process};
}

}  // namespace

std::optional<Request> ParseRequest(std::span<const std::byte> message) {
  const auto header = ByteReader(message).ReadPod<spanwire_door_plain>();
  if (!header || header->size != message.size() || header->reserved != 0) return std::nullopt;
  switch (header->type) {
    case SPANWIRE_DOOR_CONFINED:
    case SPANWIRE_DOOR_READY:
    case SPANWIRE_DOOR_SWEEP:
    case SPANWIRE_DOOR_DONE:
    case SPANWIRE_DOOR_COUNTED: return ParseNotice(message);
    case SPANWIRE_DOOR_STAGE: return ParseStage(message);
    case SPANWIRE_DOOR_POLICY: return ParsePolicies(message);
    case SPANWIRE_DOOR_LINKS: return ParseLinks(message);
    case SPANWIRE_DOOR_DESCRIBE: return ParseDescribe(message);
    default: return std::nullopt;
  }
}

std::optional<spanwire_door_stage> MakeStage(const StageLayout& layout) {
  spanwire_door_stage stage{};
  stage.header = HeaderOf<spanwire_door_stage>(SPANWIRE_DOOR_STAGE);
  if (!PutName(layout.name, stage.name) || !PutName(layout.unit, stage.unit)) return std::nullopt;
  if (layout.reasons.size() > SPANWIRE_DOOR_REASONS) return std::nullopt;
  stage.in = layout.in;
  stage.out = layout.out;
  stage.held = layout.held;
  for (const auto& [name, counter] : layout.reasons) {
    auto& reason = stage.reasons[stage.reason_count++];
    if (!PutName(name, reason.name)) return std::nullopt;
    reason.counter = counter;
  }
  return stage;
}

spanwire_door_links MakeLinks(const LinkCounts& counts) {
  spanwire_door_links links{};
  links.header = HeaderOf<spanwire_door_links>(SPANWIRE_DOOR_LINKS);
  links.place = std::min<uint32_t>(counts.place, SPANWIRE_DOOR_LINK_PLACES - 1);
  links.pid = counts.pid;
  links.disagreements = counts.disagreements;
  counts.service.copy(links.service, sizeof(links.service) - 1);
  for (const auto& [how, spans] : counts.spans) {
    if (links.count == SPANWIRE_DOOR_LINK_KINDS) break;
    auto& link = links.links[links.count];
    if (!PutName(how, link.how)) continue;
    link.spans = spans;
    ++links.count;
  }
  return links;
}

}  // namespace spanwire::door
