// SPDX-License-Identifier: Apache-2.0
#include "agent/process/cgroup.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "agent/process/text.h"

namespace spanwire::process {
namespace {

constexpr size_t kContainerIdSize = 64;
constexpr size_t kMaxUnitSize = 255;  // UNIT_NAME_MAX of systemd
constexpr size_t kMaxLines = 64;
constexpr size_t kMaxComponents = 64;
constexpr std::string_view kServiceSuffix = ".service";
constexpr std::string_view kScopeSuffix = ".scope";

// systemd puts '_' before a unit name that would collide with one of the kernel's files.
std::string_view Unescaped(std::string_view component) {
  if (component.starts_with('_')) component.remove_prefix(1);
  return component;
}

// The id that the runtimes put at the end of their cgroup's name: "<id>" (Docker on v1, Podman),
// "docker-<id>.scope", "cri-containerd-<id>.scope", "crio-<id>", "libpod-<id>.scope" and, from
// containerd without its systemd driver, "kubepods-pod<uid>.slice:cri-containerd:<id>". conmon only
// watches one.
std::string_view ContainerIdOf(std::string_view component) {
  if (component.ends_with(kScopeSuffix)) component.remove_suffix(kScopeSuffix.size());
  if (component.size() < kContainerIdSize) return {};
  const std::string_view prefix = component.substr(0, component.size() - kContainerIdSize);
  const std::string_view id = component.substr(prefix.size());
  const bool separated = prefix.empty() || prefix.ends_with('-') || prefix.ends_with(':');
  if (!separated || prefix.ends_with("conmon-") || !IsHex(id)) return {};
  return id;
}

// The characters of systemd.unit(5).
bool IsUnitCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view(":-_.\\@").find(c) != std::string_view::npos;
}

bool IsUnit(std::string_view name) {
  const bool kind = (name.ends_with(kServiceSuffix) && name.size() > kServiceSuffix.size()) ||
                    (name.ends_with(kScopeSuffix) && name.size() > kScopeSuffix.size());
  return kind && name.size() <= kMaxUnitSize && std::ranges::all_of(name, IsUnitCharacter);
}

// Empty components and those of a foreign cgroup namespace ("/../..") are left out.
std::vector<std::string_view> Components(std::string_view path) {
  std::vector<std::string_view> components;
  while (!path.empty() && components.size() < kMaxComponents) {
    const std::string_view component = TakePart(path, '/');
    if (!component.empty() && component != "..") components.push_back(component);
  }
  return components;
}

struct CgroupLine {
  std::string_view controllers;
  std::string_view path;
};

// The lower, the sooner asked.
constexpr int kRanks = 3;
int RankOf(const CgroupLine& line) {
  if (line.controllers == "name=systemd") return 0;
  return line.controllers.empty() ? 1 : 2;
}

std::vector<CgroupLine> Lines(std::string_view text) {
  std::vector<CgroupLine> lines;
  while (!text.empty() && lines.size() < kMaxLines) {
    std::string_view rest = TakePart(text, '\n');
    TakePart(rest, ':');  // the hierarchy's number
    const std::string_view controllers = TakePart(rest, ':');
    if (rest.starts_with('/')) lines.push_back({controllers, rest});
  }
  return lines;
}

}  // namespace

CgroupFacts ReadCgroupPath(std::string_view path) {
  CgroupFacts facts;
  const auto components = Components(path);
  for (auto component = components.rbegin(); component != components.rend(); ++component) {
    facts.container_id = ContainerIdOf(*component);
    if (!facts.container_id.empty()) break;
    const std::string_view name = Unescaped(*component);
    if (facts.systemd_unit.empty() && IsUnit(name)) facts.systemd_unit = name;
  }
  return facts;
}

CgroupFacts ReadCgroupFile(std::string_view text) {
  CgroupFacts unit_only;
  const auto lines = Lines(text);
  for (int rank = 0; rank < kRanks; ++rank) {
    for (const auto& line : lines) {
      if (RankOf(line) != rank) continue;
      CgroupFacts facts = ReadCgroupPath(line.path);
      if (!facts.container_id.empty()) return facts;
      if (unit_only.systemd_unit.empty()) unit_only = std::move(facts);
    }
  }
  return unit_only;
}

CgroupFacts ReadCgroupNames(std::string_view parent, std::string_view name) {
  // Names hold no '/'; one that does is not believed.
  const bool odd = parent.find('/') != parent.npos || name.find('/') != name.npos;
  if (odd) return {};
  std::string path(parent);
  path.append("/").append(name);
  return ReadCgroupPath(path);
}

}  // namespace spanwire::process
