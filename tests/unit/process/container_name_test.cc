// SPDX-License-Identifier: Apache-2.0
#include "agent/process/container_name.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/process/fake_root.h"

namespace spanwire::process {
namespace {

class ContainerName : public testing::Test {
 protected:
  std::string Find(const std::string& id = kContainer) const {
    auto directory = Directory::Open(root_.path());
    return directory ? FindContainerName(*directory, id) : "no root";
  }

  FakeRoot root_;
  const std::string docker_ = "var/lib/docker/containers/" + kContainer + "/config.v2.json";
  const std::string containerd_ =
      "run/containerd/io.containerd.runtime.v2.task/k8s.io/" + kContainer + "/config.json";
  const std::string crio_ =
      "run/containers/storage/overlay-containers/" + kContainer + "/userdata/config.json";
};

TEST_F(ContainerName, DockersName) {
  root_.Write(docker_, R"({"Name":"/web","Config":{"Labels":{"a":"b"}}})");
  EXPECT_EQ(Find(), "web");
}

TEST_F(ContainerName, ComposeServiceBeatsTheName) {
  root_.Write(docker_,
              R"({"Name":"/x-web-1","Config":{"Labels":{"com.docker.compose.service":"web"}}})");
  EXPECT_EQ(Find(), "web");
}

TEST_F(ContainerName, KubernetesAnnotations) {
  root_.Write(containerd_, R"({"annotations":{"io.kubernetes.cri.container-name":"api"}})");
  EXPECT_EQ(Find(), "api");
  root_.Remove(containerd_);
  root_.Write(crio_, R"({"annotations":{"io.kubernetes.container.name":"db"}})");
  EXPECT_EQ(Find(), "db");
}

TEST_F(ContainerName, NothingIsNothing) {
  EXPECT_EQ(Find(), "");
  EXPECT_EQ(Find(""), "");
  EXPECT_EQ(Find("../../../../etc/machine-id"), "");
}

TEST_F(ContainerName, SurvivesHostileFiles) {
  for (const std::string text :
       {"", "{", "[]", "7", "null", R"({"Name":7,"Config":[],"annotations":"x"})",
        R"({"Config":{"Labels":{"com.docker.compose.service":{}}}})", "\xff"}) {
    root_.Write(docker_, text);
    EXPECT_EQ(Find(), "") << text;
  }
  root_.Write(docker_, std::string(200'000, '['));
  EXPECT_EQ(Find(), "");
  const std::string deep(100'000, '[');
  const std::string shut(100'000, ']');
  root_.Write(docker_, R"({"a":)" + deep + shut + R"(,"Name":"/web"})");
  EXPECT_EQ(Find(), "web");
  root_.Write(docker_, R"({"Name":"/web","a":")" + std::string(size_t{1} << 20, 'x') + "\"}");
  EXPECT_EQ(Find(), "");
}

TEST_F(ContainerName, IsCleaned) {
  root_.Write(docker_, R"({"Name":"/we\u001bb"})");
  EXPECT_EQ(Find(), "we\uFFFDb");
}

}  // namespace
}  // namespace spanwire::process
