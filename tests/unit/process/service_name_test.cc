// SPDX-License-Identifier: Apache-2.0
#include "agent/process/service_name.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace spanwire::process {
namespace {

model::Process Nginx() {
  model::Process process;
  process.comm = "worker";
  process.executable_name = "nginx";
  process.arguments = {"nginx: worker process"};
  return process;
}

TEST(ChooseServiceName, UnitComesFirst) {
  model::Process process = Nginx();
  const std::vector<std::pair<std::string, std::string>> cases{
      {"web.service", "web"},
      {"postgresql@15-main.service", "postgresql@15-main"},
      {"app@a\\x2db.service", "app@a-b"},
      {"app@a\\xzz.service", "app@a\\xzz"},
      {"app@a\\x0a.service", "app@a\uFFFD"},
      {"run-parts.service", "run-parts"},
      {"session-3.scope", "nginx"},
      {"user@1000.service", "nginx"},
      {"init.scope", "nginx"},
      {"run-u17.service", "nginx"},
      {"run-r0123456789abcdef0123456789abcdef.service", "nginx"},
      {"run-p512-i513.service", "nginx"},
      {"", "nginx"}};
  for (const auto& [unit, name] : cases) {
    process.systemd_unit = unit;
    EXPECT_EQ(ChooseServiceName(process, ""), name) << unit;
  }
}

TEST(ChooseServiceName, ThenTheContainersName) {
  model::Process process = Nginx();
  process.container_id = std::string(64, 'a');
  EXPECT_EQ(ChooseServiceName(process, "checkout"), "checkout");
  EXPECT_EQ(ChooseServiceName(process, ""), "nginx");
  process.systemd_unit = "web.service";
  EXPECT_EQ(ChooseServiceName(process, "checkout"), "web");
}

TEST(ChooseServiceName, ThenTheInterpretersProgram) {
  model::Process process;
  process.executable_name = "python3.11";
  process.arguments = {"python3", "api.py"};
  EXPECT_EQ(ChooseServiceName(process, ""), "api");
  process.arguments = {"python3", "-c", "pass"};
  EXPECT_EQ(ChooseServiceName(process, ""), "python3.11");
}

TEST(ChooseServiceName, AMultiCallBinaryIsItsApplet) {
  model::Process process;
  process.executable_name = "busybox";
  process.arguments = {"/bin/httpd", "-f"};
  EXPECT_EQ(ChooseServiceName(process, ""), "httpd");
  process.arguments = {};
  EXPECT_EQ(ChooseServiceName(process, ""), "busybox");
}

TEST(ChooseServiceName, RedisOfDebianIsALinkAndWritesItsTitle) {
  model::Process process;
  process.executable_name = "redis-check-rdb";
  process.arguments = {"/usr/bin/redis-server 127.0.0.1:6379"};
  EXPECT_EQ(ChooseServiceName(process, ""), "redis-server");
}

TEST(ChooseServiceName, IsNeverEmpty) {
  model::Process process;
  EXPECT_EQ(ChooseServiceName(process, ""), "unknown_service");
  process.comm = "curl";
  EXPECT_EQ(ChooseServiceName(process, ""), "curl");
}

}  // namespace
}  // namespace spanwire::process
