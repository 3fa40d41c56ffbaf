// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace spanwire::process {

using namespace std::string_literals;

inline const std::string kMachineId = "0123456789abcdef0123456789abcdef";
inline const std::string kBootId = "11111111-2222-3333-4444-555555555555";
inline const std::string kContainer(64, 'c');
inline constexpr uint64_t kTickNs = 10'000'000;  // CLK_TCK is 100 on every Linux that we run on

// A host's root directory with a proc file system in it, made of ordinary files.
class FakeRoot {
 public:
  FakeRoot() {
    std::string name = testing::TempDir() + "spanwire_root_XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
    Write("proc/stat", "cpu  1 2 3\nintr 5\nctxt 6\nbtime 1700000000\nprocesses 7\n");
    Write("proc/sys/kernel/random/boot_id", kBootId + "\n");
    Write("etc/machine-id", kMachineId + "\n");
  }
  ~FakeRoot() { std::filesystem::remove_all(path_); }
  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;

  std::string path() const { return path_.string(); }

  void Write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary).write(text.data(), std::ssize(text));
  }
  void Link(const std::string& name, const std::string& target) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::filesystem::remove(path_ / name);
    std::filesystem::create_symlink(target, path_ / name);
  }
  void Remove(const std::string& name) const { std::filesystem::remove_all(path_ / name); }

  // A process that started `start_ticks` after boot and runs `executable`.
  void AddProcess(uint32_t pid, uint64_t start_ticks, const std::string& executable) const {
    const std::string directory = "proc/" + std::to_string(pid) + "/";
    std::string stat = std::to_string(pid) + " (na) me)) S 1";
    for (int field = 5; field < 22; ++field) stat += " 4";
    Write(directory + "stat", stat + " " + std::to_string(start_ticks) + " 4 4 4\n");
    Write(directory + "cmdline", executable + "\0"s);
    Write(directory + "environ", "");
    Write(directory + "cgroup", "0::/\n");
    Link(directory + "exe", executable);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace spanwire::process
