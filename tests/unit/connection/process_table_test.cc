// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/process_table.h"

#include <gtest/gtest.h>

namespace spanwire::connection {
namespace {

std::shared_ptr<const model::Process> Named(uint32_t pid, const char* name) {
  auto process = std::make_shared<model::Process>();
  process->pid = pid;
  process->service_name = name;
  return process;
}

TEST(ProcessTable, ANewProgramReplacesTheOldOne) {
  ProcessTable table(10);
  table.Set(Named(1, "shop"));
  const auto before = table.Find(1);
  table.Set(Named(1, "bank"));
  EXPECT_EQ(table.Find(1)->service_name, "bank");
  EXPECT_EQ(before->service_name, "shop");
}

TEST(ProcessTable, WhatNobodyToldOfIsUnknown) {
  ProcessTable table(10);
  EXPECT_EQ(table.Find(5), nullptr);
  table.Set(Named(5, "late"));
  EXPECT_EQ(table.Find(5)->service_name, "late");
}

TEST(ProcessTable, ProcessesInUseStay) {
  ProcessTable table(100);
  table.Set(Named(1, "server"));
  for (uint32_t pid = 2; pid < 5000; ++pid) {
    table.Set(Named(pid, "short"));
    EXPECT_EQ(table.Find(1)->service_name, "server");
  }
  EXPECT_LE(table.size(), 100u);
  EXPECT_EQ(table.Find(2), nullptr);
}

TEST(ProcessTable, ItIsBoundedEvenWhenAllAreInUse) {
  ProcessTable table(10);
  for (uint32_t round = 0; round < 3; ++round) {
    for (uint32_t pid = 1; pid < 100; ++pid) {
      table.Set(Named(pid, "x"));
      table.Find(pid);
    }
  }
  EXPECT_LE(table.size(), 10u);
}

}  // namespace
}  // namespace spanwire::connection
