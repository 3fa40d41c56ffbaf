// SPDX-License-Identifier: Apache-2.0
#include "agent/process/cgroup.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace spanwire::process {
namespace {

const std::string kId = "3f2a9c0d1e2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5";
const std::string kOther(64, 'b');

struct PathCase {
  std::string path;
  std::string container_id;
  std::string unit;
};

TEST(ReadCgroupPath, KnowsTheRuntimesAndUnits) {
  const std::vector<PathCase> cases{
      {"/system.slice/docker-" + kId + ".scope", kId, ""},
      {"/docker/" + kId, kId, ""},
      {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-" +
           kId + ".scope",
       kId, ""},
      {"/kubepods/besteffort/pod6b3c/" + kId, kId, ""},
      {"/system.slice/containerd.service/kubepods-besteffort-pod1.slice:cri-containerd:" + kId, kId,
       ""},
      {"/kubepods.slice/kubepods-pod1.slice/crio-" + kId + ".scope", kId, ""},
      {"/machine.slice/libpod-" + kId + ".scope/container", kId, ""},
      {"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId + ".scope", kId,
       ""},
      {"/docker/" + kId + "/system.slice/nginx.service", kId, "nginx.service"},
      {"/docker/" + kOther + "/docker/" + kId, kId, ""},
      {"/../" + kId, kId, ""},
      {"/system.slice/nginx.service", "", "nginx.service"},
      {"/system.slice/system-postgresql.slice/postgresql@15-main.service", "",
       "postgresql@15-main.service"},
      {"/system.slice/app@a\\x2db.service/worker/1", "", "app@a\\x2db.service"},
      {"/user.slice/user-1000.slice/session-3.scope", "", "session-3.scope"},
      {"/user.slice/user-1000.slice/user@1000.service/app.slice/shop.service", "", "shop.service"},
      {"/user.slice/user-1000.slice/user@1000.service/init.scope", "", "init.scope"},
      {"/system.slice/_cpu.service", "", "cpu.service"},
      {"/machine.slice/systemd-nspawn@web.service/payload", "", "systemd-nspawn@web.service"},
      {"/machine.slice/machine-web.scope/payload/system.slice/nginx.service", "", "nginx.service"},
      {"/", "", ""},
      {"", "", ""},
      {"/init.scope", "", "init.scope"},
  };
  for (const auto& c : cases) {
    const CgroupFacts facts = ReadCgroupPath(c.path);
    EXPECT_EQ(facts.container_id, c.container_id) << c.path;
    EXPECT_EQ(facts.systemd_unit, c.unit) << c.path;
  }
}

TEST(ReadCgroupPath, DoesNotBelieveWhatOnlyLooksLikeOne) {
  const std::string upper(64, 'A');
  const std::vector<std::string> paths{
      "/machine.slice/libpod-conmon-" + kId + ".scope/x",
      "/docker/" + kId.substr(1),
      "/docker/" + upper,
      "/docker/x" + kId,
      "/docker-" + kId + ".slice",
  };
  for (const auto& path : paths) EXPECT_EQ(ReadCgroupPath(path).container_id, "") << path;
  const std::vector<std::string> units{"/.service",      "/.scope",
                                       "/a b.service",   "/a\x01.service",
                                       "/a\xff.service", "/" + std::string(300, 'a') + ".service"};
  for (const auto& path : units) EXPECT_EQ(ReadCgroupPath(path).systemd_unit, "") << path;
}

TEST(ReadCgroupPath, IsBoundedInDepth) {
  std::string path;
  for (int i = 0; i < 100'000; ++i) path += "/a";
  EXPECT_EQ(ReadCgroupPath(path + "/docker/" + kId).container_id, "");
}

TEST(ReadCgroupFile, ReadsVersion2) {
  EXPECT_EQ(ReadCgroupFile("0::/system.slice/nginx.service\n").systemd_unit, "nginx.service");
}

TEST(ReadCgroupFile, ReadsVersion1) {
  const CgroupFacts facts = ReadCgroupFile("12:cpu,cpuacct:/docker/" + kId + "\n11:pids:/docker/" +
                                           kId + "\n1:name=systemd:/docker/" + kId + "\n");
  EXPECT_EQ(facts.container_id, kId);
  EXPECT_EQ(facts.systemd_unit, "");
}

TEST(ReadCgroupFile, AsksSystemdFirstOnHybridHosts) {
  const CgroupFacts facts = ReadCgroupFile(
      "3:memory:/user.slice\n1:name=systemd:/system.slice/ssh.service\n0::/system.slice/"
      "x.service\n");
  EXPECT_EQ(facts.systemd_unit, "ssh.service");
}

TEST(ReadCgroupFile, TheRuntimesUnitIsNotTheContainers) {
  const CgroupFacts facts =
      ReadCgroupFile("1:name=systemd:/docker/" + kId + "\n0::/system.slice/containerd.service\n");
  EXPECT_EQ(facts.container_id, kId);
  EXPECT_EQ(facts.systemd_unit, "");
  const CgroupFacts turned =
      ReadCgroupFile("1:name=systemd:/system.slice/containerd.service\n0::/docker/" + kId + "\n");
  EXPECT_EQ(turned.container_id, kId);
  EXPECT_EQ(turned.systemd_unit, "");
}

TEST(ReadCgroupFile, SurvivesGarbage) {
  for (const std::string text :
       {"", "\n\n", "0", "0::", "::::", "0::relative/a.service", "\xff\xfe"}) {
    EXPECT_EQ(ReadCgroupFile(text).systemd_unit, "") << text;
  }
}

TEST(ReadCgroupNames, KnowsWhatTheKernelSaid) {
  EXPECT_EQ(ReadCgroupNames("system.slice", "nginx.service").systemd_unit, "nginx.service");
  EXPECT_EQ(ReadCgroupNames("system.slice", "docker-" + kId + ".scope").container_id, kId);
  EXPECT_EQ(ReadCgroupNames("libpod-" + kId + ".scope", "container").container_id, kId);
  EXPECT_EQ(ReadCgroupNames("", "").systemd_unit, "");
  EXPECT_EQ(ReadCgroupNames("", "a/../b.service").systemd_unit, "");
}

}  // namespace
}  // namespace spanwire::process
