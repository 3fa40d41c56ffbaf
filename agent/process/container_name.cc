// SPDX-License-Identifier: Apache-2.0
#include "agent/process/container_name.h"

#include <array>
#include <nlohmann/json.hpp>

#include "agent/process/text.h"

namespace spanwire::process {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxFile = size_t{256} << 10;  // an OCI specification has about 20 KiB
constexpr size_t kIdSize = 64;
constexpr size_t kMaxName = 255;

struct StateFile {
  std::string_view before_id;
  std::string_view after_id;
};
constexpr std::array<StateFile, 3> kStateFiles{{
    {"var/lib/docker/containers/", "/config.v2.json"},
    {"run/containerd/io.containerd.runtime.v2.task/k8s.io/", "/config.json"},
    {"run/containers/storage/overlay-containers/", "/userdata/config.json"},
}};

// Labels and annotations that hold a name, the best first.
constexpr std::array<std::string_view, 4> kNameKeys{
    "com.docker.compose.service", "io.kubernetes.container.name",
    "io.kubernetes.cri.container-name", "com.docker.swarm.service.name"};

// The member `key` of an object; null when there is none. The parser and this walk do not recurse,
// so the depth of a hostile file does no harm.
const Json* Member(const Json* object, std::string_view key) {
  if (object == nullptr || !object->is_object()) return nullptr;
  const auto found = object->find(key);
  return found == object->end() ? nullptr : &*found;
}

std::string TextAt(const Json* object, std::string_view key) {
  const Json* text = Member(object, key);
  return text != nullptr && text->is_string() ? text->get<std::string>() : std::string();
}

std::string NameFrom(const Json* labels) {
  for (const auto key : kNameKeys) {
    std::string name = TextAt(labels, key);
    if (!name.empty()) return name;
  }
  return {};
}

std::string NameIn(std::string_view text) {
  const Json state = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  std::string name = NameFrom(Member(Member(&state, "Config"), "Labels"));
  if (name.empty()) name = NameFrom(Member(&state, "annotations"));
  if (name.empty()) name = TextAt(&state, "Name");
  if (name.starts_with('/')) name.erase(0, 1);  // as Docker writes it
  return CleanText(name, kMaxName);
}

}  // namespace

std::string FindContainerName(const Directory& root, std::string_view id) {
  if (id.size() != kIdSize || !IsHex(id)) return {};
  for (const auto& file : kStateFiles) {
    std::string path(file.before_id);
    path.append(id).append(file.after_id);
    const FileText state = root.Read(path, kMaxFile);
    if (!state.read || state.cut) continue;
    std::string name = NameIn(state.text);
    if (!name.empty()) return name;
  }
  return {};
}

}  // namespace spanwire::process
