// SPDX-License-Identifier: Apache-2.0
#include "agent/process/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "tests/unit/process/fake_root.h"

namespace spanwire::process {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr uint32_t kPid = 42;
constexpr uint64_t kStartTicks = 5000;

class ProcResolverTest : public testing::Test {
 protected:
  ProcResolverTest() {
    root_.AddProcess(kPid, kStartTicks, "/usr/sbin/nginx");
    kernel_.pid = kPid;
    kernel_.parent_pid = 1;
    kernel_.uid = 33;
    kernel_.start_ns = kStartTicks * kTickNs + 123;
    kernel_.comm = "nginx";
    kernel_.executable = "nginx";
    kernel_.arguments = {"from", "the kernel"};
    kernel_.cgroup = "web.service";
    kernel_.cgroup_parent = "system.slice";
  }

  model::Process Resolve() {
    if (!resolver_) {
      auto resolver = ProcResolver::Open(root_.path());
      if (!resolver) std::abort();
      resolver_ = std::move(*resolver);
    }
    return resolver_->Resolve(kernel_);
  }

  void Write(const std::string& file, const std::string& text) const {
    root_.Write("proc/42/" + file, text);
  }

  FakeRoot root_;
  model::KernelProcess kernel_;
  std::unique_ptr<ProcResolver> resolver_;
};

TEST_F(ProcResolverTest, ReadsTheProcess) {
  Write("cmdline", "nginx: worker\0-g\0daemon off;\0"s);
  Write("cgroup", "0::/system.slice/nginx.service\n");
  const model::Process process = Resolve();

  EXPECT_EQ(process.pid, kPid);
  EXPECT_EQ(process.parent_pid, 1);
  EXPECT_EQ(process.uid, 33);
  EXPECT_EQ(process.start_ns, kernel_.start_ns);
  EXPECT_EQ(process.start_wall_ns, 1'700'000'000'000'000'000u + kernel_.start_ns);
  EXPECT_EQ(process.comm, "nginx");
  EXPECT_EQ(process.executable_path, "/usr/sbin/nginx");
  EXPECT_EQ(process.executable_name, "nginx");
  EXPECT_THAT(process.arguments, ElementsAre("nginx: worker", "-g", "daemon off;"));
  EXPECT_EQ(process.systemd_unit, "nginx.service");
  EXPECT_EQ(process.service_name, "nginx");
  EXPECT_EQ(process.service_instance_id.size(), 36);
  EXPECT_EQ(resolver_->counts().kernel_only, 0);
}

TEST_F(ProcResolverTest, TheProcessNamesItself) {
  Write("environ",
        "OTEL_SERVICE_NAME=checkout\0"
        "OTEL_RESOURCE_ATTRIBUTES=service.namespace=shop,service.version=2,service.instance.id=i,"
        "team=a\0"s);
  Write("cgroup", "0::/system.slice/nginx.service\n");
  const model::Process process = Resolve();

  EXPECT_EQ(process.service_name, "checkout");
  EXPECT_EQ(process.service_namespace, "shop");
  EXPECT_EQ(process.service_version, "2");
  EXPECT_EQ(process.service_instance_id, "i");
  EXPECT_THAT(process.resource_attributes, ElementsAre(Pair("team", "a")));
}

TEST_F(ProcResolverTest, AContainerHasItsIdAndName) {
  Write("cgroup", "0::/system.slice/docker-" + kContainer + ".scope\n");
  EXPECT_EQ(Resolve().container_id, kContainer);
  EXPECT_EQ(Resolve().service_name, "nginx");
  root_.Write("var/lib/docker/containers/" + kContainer + "/config.v2.json", R"({"Name":"/web"})");
  EXPECT_EQ(Resolve().service_name, "web");
}

TEST_F(ProcResolverTest, AProcessThatIsGoneIsStillNamed) {
  root_.Remove("proc/42");
  const model::Process process = Resolve();

  EXPECT_EQ(process.service_name, "web");
  EXPECT_EQ(process.systemd_unit, "web.service");
  EXPECT_EQ(process.executable_name, "nginx");
  EXPECT_THAT(process.arguments, ElementsAre("from", "the kernel"));
  EXPECT_EQ(process.start_ns, kernel_.start_ns);
  EXPECT_EQ(process.service_instance_id.size(), 36);
  EXPECT_EQ(resolver_->counts().kernel_only, 1);
}

// Everything that could tell about the process that took the pid.
void ExpectNothingOfTheNewOne(const model::Process& process) {
  EXPECT_EQ(process.service_name, "web");
  EXPECT_EQ(process.container_id, "");
  EXPECT_EQ(process.executable_path, "nginx");
  EXPECT_THAT(process.arguments, ElementsAre("from", "the kernel"));
  EXPECT_THAT(process.resource_attributes, IsEmpty());
}

TEST_F(ProcResolverTest, AReusedPidTellsNothing) {
  for (const uint64_t other : {kStartTicks - 1, kStartTicks + 1, kStartTicks + 100'000}) {
    root_.AddProcess(kPid, other, "/usr/sbin/nginx");
    Write("environ", "OTEL_SERVICE_NAME=other\0OTEL_RESOURCE_ATTRIBUTES=a=b\0"s);
    Write("cgroup", "0::/docker/" + kContainer + "\n");
    ExpectNothingOfTheNewOne(Resolve());
  }
}

TEST_F(ProcResolverTest, AnotherProgramInTheSameTickTellsNothing) {
  root_.AddProcess(kPid, kStartTicks, "/usr/bin/other");
  Write("environ", "OTEL_SERVICE_NAME=other\0"s);
  ExpectNothingOfTheNewOne(Resolve());
}

TEST_F(ProcResolverTest, TheSameInstanceIdWithAndWithoutProc) {
  const std::string id = Resolve().service_instance_id;
  root_.Remove("proc/42");
  EXPECT_EQ(Resolve().service_instance_id, id);
}

TEST_F(ProcResolverTest, AnUnknownStartBelievesProc) {
  kernel_.start_ns = 0;
  Write("environ", "OTEL_SERVICE_NAME=checkout\0"s);
  const model::Process process = Resolve();
  EXPECT_EQ(process.service_name, "checkout");
  EXPECT_EQ(process.start_wall_ns, 0);
}

TEST_F(ProcResolverTest, ADeletedExecutableIsNamedWithoutTheMark) {
  root_.Link("proc/42/exe", "/usr/sbin/nginx (deleted)");
  EXPECT_EQ(Resolve().executable_path, "/usr/sbin/nginx");
  EXPECT_EQ(Resolve().executable_name, "nginx");
}

TEST_F(ProcResolverTest, AnExecutableMayBeCalledDeleted) {
  kernel_.executable = "odd (deleted)";
  root_.Link("proc/42/exe", "/opt/odd (deleted)");
  EXPECT_EQ(Resolve().executable_path, "/opt/odd (deleted)");
}

TEST_F(ProcResolverTest, TheKernelCutsLongExecutables) {
  const std::string name(100, 'n');
  kernel_.executable = name.substr(0, 63);
  root_.Link("proc/42/exe", "/opt/" + name);
  EXPECT_EQ(Resolve().executable_name, name);
  EXPECT_EQ(resolver_->counts().kernel_only, 0);
}

TEST_F(ProcResolverTest, AnUnreadableExecutableIsTheKernels) {
  root_.Remove("proc/42/exe");
  EXPECT_EQ(Resolve().executable_path, "nginx");
  EXPECT_EQ(resolver_->counts().kernel_only, 0);
}

TEST_F(ProcResolverTest, ALongCommandLineLosesItsLastHalfArgument) {
  Write("cmdline", "java\0"s + std::string(3000, 'a') + "\0"s + std::string(3000, 'b') + "\0"s);
  EXPECT_THAT(Resolve().arguments, ElementsAre("java", std::string(3000, 'a')));
}

TEST_F(ProcResolverTest, ATitleIsOneArgument) {
  Write("cmdline", "gunicorn: master [shop]" + std::string(2000, '\0'));
  EXPECT_THAT(Resolve().arguments, ElementsAre("gunicorn: master [shop]"));
}

TEST_F(ProcResolverTest, EmptyArgumentsCountButNotWithoutEnd) {
  Write("cmdline", "a\0\0b\0"s);
  EXPECT_THAT(Resolve().arguments, ElementsAre("a", "", "b"));
  Write("cmdline", "a" + std::string(4000, '\0') + "b");
  EXPECT_EQ(Resolve().arguments.size(), 128);
}

TEST_F(ProcResolverTest, TheKernelsLastArgumentMayBeHalf) {
  root_.Remove("proc/42");
  kernel_.executable = "java";
  kernel_.cgroup = "";
  kernel_.arguments = {"java", "-cp", std::string(200, 'x'), std::string(46, 'y')};
  EXPECT_THAT(Resolve().arguments, ElementsAre("java", "-cp", std::string(200, 'x')));
  EXPECT_EQ(Resolve().service_name, "java");
}

TEST_F(ProcResolverTest, HostileEnvironmentsAreBounded) {
  Write("environ", std::string(size_t{1} << 20, '\0') + "OTEL_SERVICE_NAME=late\0"s);
  EXPECT_EQ(Resolve().service_name, "nginx");
  Write("environ", "OTEL_RESOURCE_ATTRIBUTES=broken\0"s);
  EXPECT_THAT(Resolve().resource_attributes, IsEmpty());
  EXPECT_EQ(resolver_->counts().attributes_discarded, 1);
  root_.Remove("proc/42/environ");
  Resolve();
  EXPECT_EQ(resolver_->counts().environ_unreadable, 1);
}

TEST_F(ProcResolverTest, NamesAreCleaned) {
  root_.Remove("proc/42");
  kernel_.cgroup = "";
  kernel_.comm = "a\x1b";
  kernel_.executable = "b\xff";
  const model::Process process = Resolve();
  EXPECT_EQ(process.comm, "a\uFFFD");
  EXPECT_EQ(process.executable_name, "b\uFFFD");
  EXPECT_EQ(process.service_name, "b\uFFFD");
}

TEST_F(ProcResolverTest, LinksInProcAreNotFollowed) {
  const FakeRoot other;
  other.AddProcess(kPid, kStartTicks, "/usr/sbin/nginx");
  other.Write("proc/42/environ", "OTEL_SERVICE_NAME=other\0"s);
  root_.Remove("proc/42");
  root_.Link("proc/42", other.path() + "/proc/42");
  EXPECT_EQ(Resolve().service_name, "web");
  root_.Remove("proc/42");
  root_.AddProcess(kPid, kStartTicks, "/usr/sbin/nginx");
  root_.Link("proc/42/environ", other.path() + "/proc/42/environ");
  EXPECT_EQ(Resolve().service_name, "nginx");
}

TEST_F(ProcResolverTest, ANonsenseStatIsNoProcess) {
  for (const std::string stat : {"", "42", "42 (nginx", "42 (nginx) S 1 2 3", "42 (x) S x x x"}) {
    Write("stat", stat);
    EXPECT_EQ(Resolve().service_name, "web") << stat;
  }
}

// A pid can be used twice within one clock tick.
TEST_F(ProcResolverTest, AnotherPlaceOfTheArgumentsIsAnotherProcess) {
  std::string stat = "7 (web) S";
  for (int field = 4; field < 48; ++field) {
    stat += " " + std::to_string(field == 22 ? kernel_.start_ns / 10'000'000 : 1);
  }
  Write("environ", "OTEL_SERVICE_NAME=named"s + '\0');
  kernel_.args_address = 4096;
  Write("stat", stat + " 4096 1 1 1\n");
  EXPECT_EQ(Resolve().service_name, "named");
  Write("stat", stat + " 8192 1 1 1\n");
  EXPECT_NE(Resolve().service_name, "named");
}

TEST_F(ProcResolverTest, AKernelThatKnowsNothingGivesAName) {
  kernel_ = {};
  EXPECT_EQ(Resolve().service_name, "unknown_service");
}

TEST(ProcResolver, NeedsAProc) {
  const FakeRoot root;
  root.Remove("proc");
  const auto resolver = ProcResolver::Open(root.path());
  ASSERT_FALSE(resolver.has_value());
  EXPECT_THAT(resolver.error().message, testing::HasSubstr("no /proc"));
  EXPECT_FALSE(ProcResolver::Open(root.path() + "/absent").has_value());
}

// The real one: this very test, without help from the kernel's side.
TEST(ProcResolver, KnowsThisProcess) {
  auto resolver = ProcResolver::Open("/");
  ASSERT_TRUE(resolver.has_value());
  model::KernelProcess kernel;
  kernel.pid = static_cast<uint32_t>(getpid());
  const model::Process process = (*resolver)->Resolve(kernel);
  EXPECT_EQ(process.executable_name, "process_test");
  EXPECT_FALSE(process.arguments.empty());
  EXPECT_EQ((*resolver)->counts().kernel_only, 0);
}

}  // namespace
}  // namespace spanwire::process
