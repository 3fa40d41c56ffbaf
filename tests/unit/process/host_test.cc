// SPDX-License-Identifier: Apache-2.0
#include "agent/process/host.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/process/fake_root.h"

namespace spanwire::process {
namespace {

HostFacts FactsOf(const FakeRoot& root) {
  auto directory = Directory::Open(root.path());
  EXPECT_TRUE(directory.has_value());
  return ReadHostFacts(*directory);
}

TEST(ReadHostFacts, ReadsAllThree) {
  const FakeRoot root;
  const HostFacts facts = FactsOf(root);
  EXPECT_EQ(facts.host_id, kMachineId);
  EXPECT_EQ(facts.boot_id, kBootId);
  EXPECT_EQ(facts.boot_wall_ns, 1'700'000'000'000'000'000u);
}

TEST(ReadHostFacts, FallsBackToDbus) {
  const FakeRoot root;
  root.Write("etc/machine-id", "uninitialized\n");
  root.Write("var/lib/dbus/machine-id", std::string(32, 'd') + "\n");
  EXPECT_EQ(FactsOf(root).host_id, std::string(32, 'd'));
}

TEST(ReadHostFacts, WhatIsMissingStaysEmpty) {
  const FakeRoot root;
  root.Remove("etc");
  root.Remove("proc/sys");
  root.Write("proc/stat", "btime x\n");
  const HostFacts facts = FactsOf(root);
  EXPECT_EQ(facts.host_id, "");
  EXPECT_EQ(facts.boot_id, "");
  EXPECT_EQ(facts.boot_wall_ns, 0);
}

TEST(ReadHostFacts, DoesNotFollowALinkOutOfTheRoot) {
  const FakeRoot root;
  const FakeRoot other;
  root.Link("etc/machine-id", other.path() + "/etc/machine-id");
  EXPECT_EQ(FactsOf(root).host_id, "");
}

TEST(ReadHostFacts, RefusesATimeThatDoesNotFit) {
  const FakeRoot root;
  root.Write("proc/stat", "btime 99999999999999999\n");
  EXPECT_EQ(FactsOf(root).boot_wall_ns, 0);
}

TEST(MakeInstanceId, IsTheVersion5UuidOfTheProcess) {
  const HostFacts host{.host_id = kMachineId, .boot_id = kBootId};
  // python3: uuid.uuid5(uuid.UUID("4d63009a-8d0f-11ee-aad7-4c796ed8e320"),
  //   "0123456789abcdef0123456789abcdef/11111111-2222-3333-4444-555555555555/42/1000")
  EXPECT_EQ(MakeInstanceId(host, 42, 1000), "270e042d-f0b1-52a9-8ac2-a8214808d0f0");
  EXPECT_NE(MakeInstanceId(host, 42, 1001), MakeInstanceId(host, 42, 1000));
  EXPECT_NE(MakeInstanceId(host, 43, 1000), MakeInstanceId(host, 42, 1000));
}

}  // namespace
}  // namespace spanwire::process
