// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/resource.h"

#include <gtest/gtest.h>

#include "tests/unit/exporter/test_spans.h"

namespace spanwire::exporter {
namespace {

TEST(Resource, TellsWhoTheProcessIs) {
  model::Process process = *MakeProcess(42, "nginx");
  process.service_namespace = "shop";
  process.service_version = "1.2";
  process.service_instance_id = "i-1";
  process.container_id = "c0ffee";
  process.systemd_unit = "nginx.service";

  const model::AttributeList attributes = ResourceAttributes(process, TestAgent());

  EXPECT_EQ(attributes.Text("service.name"), "nginx");
  EXPECT_EQ(attributes.Text("service.namespace"), "shop");
  EXPECT_EQ(attributes.Text("service.version"), "1.2");
  EXPECT_EQ(attributes.Text("service.instance.id"), "i-1");
  EXPECT_EQ(attributes.Int("process.pid", -1), 42);
  EXPECT_EQ(attributes.Int("process.parent_pid", -1), 1);
  EXPECT_EQ(attributes.Text("process.creation.time"), "2023-11-14T22:13:20.123456789Z");
  EXPECT_EQ(attributes.Text("process.executable.name"), "nginx");
  EXPECT_EQ(attributes.Text("process.executable.path"), "/usr/sbin/nginx");
  EXPECT_EQ(attributes.Text("process.command"), "/usr/sbin/nginx");
  EXPECT_EQ(attributes.Text("container.id"), "c0ffee");
  EXPECT_EQ(attributes.Text("spanwire.systemd.unit"), "nginx.service");
  EXPECT_EQ(attributes.Text("host.name"), "host-a");
  EXPECT_EQ(attributes.Text("telemetry.sdk.name"), "spanwire");
  EXPECT_EQ(attributes.Text("telemetry.distro.version"), "0.1.0");
}

TEST(Resource, LeavesOutWhatIsUnknown) {
  model::Process process;
  process.pid = 7;
  process.service_name = "x";
  const model::AttributeList attributes =
      ResourceAttributes(process, {.version = "1", .host_name = ""});
  for (const char* key :
       {"service.namespace", "service.instance.id", "process.parent_pid", "process.creation.time",
        "process.command", "container.id", "host.name", "spanwire.systemd.unit"}) {
    EXPECT_FALSE(attributes.Has(key)) << key;
  }
}

TEST(Resource, KeepsArgumentsToItself) {
  const model::AttributeList attributes = ResourceAttributes(*MakeProcess(1, "app"), TestAgent());
  for (size_t i = 0; i < attributes.size(); ++i) {
    EXPECT_EQ(attributes.at(i).text.find("secret"), std::string_view::npos);
  }
}

TEST(Resource, ThePidWeSawWinsOverTheOneItSays) {
  model::Process process = *MakeProcess(42, "app");
  process.resource_attributes = {
      {"process.pid", "1"}, {"host.name", "pod-7"}, {"team", "blue"}, {"", "nothing"}};

  const model::AttributeList attributes = ResourceAttributes(process, TestAgent());

  EXPECT_EQ(attributes.Int("process.pid", -1), 42);
  EXPECT_EQ(attributes.Text("host.name"), "pod-7");
  EXPECT_EQ(attributes.Text("team"), "blue");
  EXPECT_FALSE(attributes.Has(""));
}

}  // namespace
}  // namespace spanwire::exporter
