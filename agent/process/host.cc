// SPDX-License-Identifier: Apache-2.0
#include "agent/process/host.h"

#include <uuid/uuid.h>

#include <array>
#include <string_view>

#include "agent/process/text.h"

namespace spanwire::process {
namespace {

constexpr size_t kMaxIdFile = 128;
constexpr size_t kMaxStatFile = size_t{1} << 20;  // a line of counters for every interrupt
constexpr size_t kMachineIdSize = 32;
constexpr size_t kBootIdSize = 36;
constexpr uint64_t kNanosecondsPerSecond = 1'000'000'000;

// OpenTelemetry semantic conventions, service.instance.id: 4d63009a-8d0f-11ee-aad7-4c796ed8e320.
constexpr uuid_t kNamespace = {0x4d, 0x63, 0x00, 0x9a, 0x8d, 0x0f, 0x11, 0xee,
                               0xaa, 0xd7, 0x4c, 0x79, 0x6e, 0xd8, 0xe3, 0x20};

std::string FirstLine(const Directory& root, const char* path) {
  const std::string text = root.Read(path, kMaxIdFile).text;
  std::string_view rest = text;
  return std::string(TakePart(rest, '\n'));
}

// "uninitialized", which an image may hold before its first boot, is no id.
std::string MachineId(const Directory& root) {
  for (const char* path : {"etc/machine-id", "var/lib/dbus/machine-id"}) {
    std::string id = FirstLine(root, path);
    if (id.size() == kMachineIdSize && IsHex(id)) return id;
  }
  return {};
}

uint64_t BootSeconds(std::string_view stat) {
  constexpr std::string_view kKey = "btime ";
  while (!stat.empty()) {
    std::string_view line = TakePart(stat, '\n');
    if (!line.starts_with(kKey)) continue;
    line.remove_prefix(kKey.size());
    return ParseDecimal(line).value_or(0);
  }
  return 0;
}

}  // namespace

HostFacts ReadHostFacts(const Directory& root) {
  HostFacts facts;
  facts.host_id = MachineId(root);
  const std::string boot_id = FirstLine(root, "proc/sys/kernel/random/boot_id");
  if (boot_id.size() == kBootIdSize && IsCleanText(boot_id)) facts.boot_id = boot_id;
  constexpr uint64_t kMostSeconds = UINT64_MAX / kNanosecondsPerSecond;
  const uint64_t seconds = BootSeconds(root.Read("proc/stat", kMaxStatFile).text);
  if (seconds <= kMostSeconds) facts.boot_wall_ns = seconds * kNanosecondsPerSecond;
  return facts;
}

std::string MakeInstanceId(const HostFacts& host, uint32_t pid, uint64_t start_ns) {
  std::string name = host.host_id;
  name.append("/").append(host.boot_id);
  name.append("/").append(std::to_string(pid));
  name.append("/").append(std::to_string(start_ns));
  uuid_t id;
  uuid_generate_sha1(id, kNamespace, name.data(), name.size());
  std::array<char, UUID_STR_LEN> text{};
  uuid_unparse_lower(id, text.data());
  return text.data();
}

}  // namespace spanwire::process
