// SPDX-License-Identifier: Apache-2.0
#include "agent/door/request.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace spanwire::door {
namespace {

template <typename Message>
std::string Text(const Message& message) {
  const auto bytes = std::as_bytes(std::span(&message, 1));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::optional<Request> Parse(const std::string& bytes) {
  return ParseRequest(std::as_bytes(std::span(bytes)));
}

spanwire_door_plain Notify(spanwire_door_type type) { return HeaderOf<spanwire_door_plain>(type); }

StageLayout SomeStage() { return {"exporter/otlp-file", "spans", 3, 4, 5, {{"queue_full", 6}}}; }

spanwire_door_policies SomePolicies(uint32_t count) {
  spanwire_door_policies request{};
  request.header = HeaderOf<spanwire_door_policies>(SPANWIRE_DOOR_POLICY);
  request.header.size = static_cast<uint32_t>(offsetof(spanwire_door_policies, policies) +
                                              count * sizeof(spanwire_door_policy));
  request.count = count;
  for (uint32_t i = 0; i < count; ++i) request.policies[i].connection = i + 1;
  return request;
}

std::string Sent(const spanwire_door_policies& request) {
  return Text(request).substr(0, request.header.size);
}

TEST(DoorRequest, ReadsNotices) {
  for (const auto type : {SPANWIRE_DOOR_CONFINED, SPANWIRE_DOOR_READY, SPANWIRE_DOOR_SWEEP,
                          SPANWIRE_DOOR_DONE, SPANWIRE_DOOR_COUNTED}) {
    const auto request = Parse(Text(Notify(type)));
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(std::get<Notice>(*request).type, type);
  }
}

TEST(DoorRequest, KnowsOnlyWhatAWorkerSays) {
  for (const uint32_t type : {0u, 9u, 63u, 64u, 65u, 66u, 67u, 68u, 69u, 65535u}) {
    auto notice = Notify(SPANWIRE_DOOR_READY);
    notice.type = static_cast<uint16_t>(type);
    EXPECT_FALSE(Parse(Text(notice))) << type;
  }
}

TEST(DoorRequest, ASizeIsTheRealSize) {
  auto notice = Notify(SPANWIRE_DOOR_READY);
  notice.size = 7;
  EXPECT_FALSE(Parse(Text(notice)));
  notice.size = 16;
  EXPECT_FALSE(Parse(Text(notice)));
  EXPECT_FALSE(Parse(Text(Notify(SPANWIRE_DOOR_READY)) + "x"));
  EXPECT_FALSE(Parse(Text(Notify(SPANWIRE_DOOR_READY)).substr(0, 5)));
  EXPECT_FALSE(Parse(""));
}

TEST(DoorRequest, AStageComesThroughAsItWas) {
  const auto message = MakeStage(SomeStage());
  ASSERT_TRUE(message.has_value());
  const auto request = Parse(Text(*message));
  ASSERT_TRUE(request.has_value());
  const auto& stage = std::get<StageLayout>(*request);
  EXPECT_EQ(stage.name, "exporter/otlp-file");
  EXPECT_EQ(stage.unit, "spans");
  EXPECT_EQ(stage.held, 5u);
  EXPECT_EQ(stage.reasons, SomeStage().reasons);
}

TEST(DoorRequest, NamesCannotBeMoreThanNames) {
  for (const std::string name :
       {"", "a\"b", "A", "a b", "a\nb", "abcdefghijklmnopqrstuvwxyz-too-long"}) {
    StageLayout layout = SomeStage();
    layout.name = name;
    EXPECT_FALSE(MakeStage(layout)) << name;
  }
  auto message = *MakeStage(SomeStage());
  std::memset(message.name, 'a', sizeof(message.name));  // no end
  EXPECT_FALSE(Parse(Text(message)));
  message = *MakeStage(SomeStage());
  message.name[30] = 'x';  // something behind the end
  EXPECT_FALSE(Parse(Text(message)));
}

TEST(DoorRequest, CountersLieInTheSharedMemory) {
  auto message = *MakeStage(SomeStage());
  message.out = SPANWIRE_SHARED_COUNTERS;
  EXPECT_FALSE(Parse(Text(message)));
  message = *MakeStage(SomeStage());
  message.reasons[0].counter = 0xffffffff;
  EXPECT_FALSE(Parse(Text(message)));
}

TEST(DoorRequest, ReasonsAreCountedAndTheRestIsZero) {
  auto message = *MakeStage(SomeStage());
  message.reason_count = SPANWIRE_DOOR_REASONS + 1;
  EXPECT_FALSE(Parse(Text(message)));
  message = *MakeStage(SomeStage());
  message.reasons[1].counter = 1;
  EXPECT_FALSE(Parse(Text(message)));
}

TEST(DoorRequest, PoliciesAreAsManyAsTheySay) {
  for (const uint32_t count : {1u, 2u, 64u}) {
    const auto request = Parse(Sent(SomePolicies(count)));
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(std::get<PolicyRequest>(*request).policies.size(), count);
  }
  auto request = SomePolicies(2);
  request.count = 3;
  EXPECT_FALSE(Parse(Sent(request)));
  EXPECT_FALSE(Parse(Sent(SomePolicies(0))));
  request = SomePolicies(1);
  request.count = 0xffffffff;
  EXPECT_FALSE(Parse(Sent(request)));
}

TEST(DoorRequest, APolicyStaysInItsRanges) {
  auto request = SomePolicies(1);
  request.policies[0].connection = 0;
  EXPECT_FALSE(Parse(Sent(request)));
  request = SomePolicies(1);
  request.policies[0].policy.mode = SPANWIRE_POLICY_IGNORE + 1;
  EXPECT_FALSE(Parse(Sent(request)));
  request = SomePolicies(1);
  request.policies[0].policy.tx_bytes = 0xffffffff;
  EXPECT_FALSE(Parse(Sent(request)));
}

TEST(DoorRequest, AQuestionHasANumber) {
  spanwire_door_describe question{};
  question.header = HeaderOf<spanwire_door_describe>(SPANWIRE_DOOR_DESCRIBE);
  EXPECT_FALSE(Parse(Text(question)));
  question.question = 7;
  const auto request = Parse(Text(question));
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(std::get<DescribeRequest>(*request).question, 7u);
}

}  // namespace
}  // namespace spanwire::door
