// SPDX-License-Identifier: Apache-2.0
#include "agent/door/channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <string>

namespace spanwire::door {
namespace {

class DoorChannel : public testing::Test {
 protected:
  DoorChannel() {
    auto pair = Channel::MakePair();
    keeper_.emplace(std::move(pair->first));
    worker_.emplace(std::move(pair->second));
  }
  static std::span<const std::byte> Bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
  }
  static std::string Text(const Received& received) {
    return {reinterpret_cast<const char*>(received.bytes.data()), received.bytes.size()};
  }
  std::optional<Channel> keeper_;
  std::optional<Channel> worker_;
};

TEST_F(DoorChannel, KeepsMessagesApart) {
  EXPECT_EQ(worker_->Send(Bytes("one")), Channel::Sent::kYes);
  EXPECT_EQ(worker_->Send(Bytes("two")), Channel::Sent::kYes);
  EXPECT_EQ(Text(*keeper_->Receive(false)), "one");
  EXPECT_EQ(Text(*keeper_->Receive(false)), "two");
  EXPECT_FALSE(keeper_->Receive(false));
  EXPECT_FALSE(keeper_->closed());
}

TEST_F(DoorChannel, CarriesDescriptorsToWhoTakesThem) {
  const UniqueFd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = null.get();
  keeper_->Send(Bytes("x"), std::span(&number, 1));
  const auto received = worker_->Receive(true);
  ASSERT_EQ(received->descriptors.size(), 1u);
  EXPECT_EQ(fcntl(received->descriptors[0].get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(DoorChannel, TakesNoDescriptorsFromAStranger) {
  const UniqueFd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd next(dup(null.get()));
  const int number = null.get();
  worker_->Send(Bytes("x"), std::span(&number, 1));
  const auto received = keeper_->Receive(false);
  EXPECT_TRUE(received->descriptors.empty());
  const UniqueFd after(dup(null.get()));
  EXPECT_EQ(after.get(), next.get() + 1) << "a descriptor was left open";
}

TEST_F(DoorChannel, SaysWhenTheOtherEndIsGone) {
  worker_->Send(Bytes("last"));
  worker_.reset();
  EXPECT_EQ(Text(*keeper_->Receive(false)), "last");
  EXPECT_FALSE(keeper_->Receive(false));
  EXPECT_TRUE(keeper_->closed());
  EXPECT_EQ(keeper_->Send(Bytes("x")), Channel::Sent::kGone);
}

TEST_F(DoorChannel, DoesNotWaitForASlowReader) {
  const std::string message(4096, 'x');
  auto sent = Channel::Sent::kYes;
  for (int i = 0; i < 10'000 && sent == Channel::Sent::kYes; ++i)
    sent = keeper_->Send(Bytes(message));
  EXPECT_EQ(sent, Channel::Sent::kFull);
}

}  // namespace
}  // namespace spanwire::door
