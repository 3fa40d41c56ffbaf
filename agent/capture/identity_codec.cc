// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/identity_codec.h"

#include <array>

#include "agent/base/byte_reader.h"

namespace spanwire::capture {
namespace {

constexpr uint32_t kMaxList = 4096;

void PutInteger(std::string& out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
}

void PutText(std::string& out, std::string_view text) {
  PutInteger(out, text.size(), 4);
  out += text;
}

bool TakeText(ByteReader& reader, std::string& text) {
  const auto size = reader.ReadLittleEndian<uint32_t>();
  if (!size) return false;
  const auto bytes = reader.ReadText(*size);
  if (!bytes) return false;
  text = *bytes;
  return true;
}

template <typename T>
bool TakeInteger(ByteReader& reader, T& value) {
  const auto read = reader.ReadLittleEndian<T>();
  if (!read) return false;
  value = *read;
  return true;
}

template <typename List, typename TakeItem>
bool TakeList(ByteReader& reader, List& list, TakeItem take) {
  uint32_t count = 0;
  if (!TakeInteger(reader, count) || count > kMaxList) return false;
  for (uint32_t i = 0; i < count; ++i) {
    if (!take(list.emplace_back())) return false;
  }
  return true;
}

// The strings in their order in the recording.
template <typename ProcessType>
auto Texts(ProcessType& process) {
  return std::array{&process.comm,
                    &process.executable_path,
                    &process.executable_name,
                    &process.container_id,
                    &process.systemd_unit,
                    &process.service_name,
                    &process.service_namespace,
                    &process.service_version,
                    &process.service_instance_id};
}

}  // namespace

void EncodeIdentity(const model::Process& process, std::string& out) {
  PutInteger(out, process.pid, 4);
  PutInteger(out, process.parent_pid, 4);
  PutInteger(out, process.uid, 4);
  PutInteger(out, process.start_ns, 8);
  PutInteger(out, process.start_wall_ns, 8);
  for (const auto* text : Texts(process)) PutText(out, *text);
  PutInteger(out, process.arguments.size(), 4);
  for (const auto& argument : process.arguments) PutText(out, argument);
  PutInteger(out, process.resource_attributes.size(), 4);
  for (const auto& [key, value] : process.resource_attributes) {
    PutText(out, key);
    PutText(out, value);
  }
}

bool DecodeIdentity(std::span<const std::byte> bytes, model::Process& process) {
  ByteReader reader(bytes);
  bool good = TakeInteger(reader, process.pid) && TakeInteger(reader, process.parent_pid) &&
              TakeInteger(reader, process.uid) && TakeInteger(reader, process.start_ns) &&
              TakeInteger(reader, process.start_wall_ns);
  for (auto* text : Texts(process)) good = good && TakeText(reader, *text);
  good = good && TakeList(reader, process.arguments,
                          [&](std::string& item) { return TakeText(reader, item); });
  good = good && TakeList(reader, process.resource_attributes, [&](auto& item) {
           return TakeText(reader, item.first) && TakeText(reader, item.second);
         });
  return good && reader.empty();
}

}  // namespace spanwire::capture
