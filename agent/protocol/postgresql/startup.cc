// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/postgresql/startup.h"

#include <algorithm>

#include "agent/base/byte_reader.h"
#include "agent/protocol/postgresql/frame.h"

namespace spanwire::protocol::postgresql {
namespace {

constexpr uint32_t kCancelCode = 80877102;
constexpr uint32_t kSslCode = 80877103;
constexpr uint32_t kGssCode = 80877104;
constexpr uint32_t kMajorVersion = 3;
constexpr uint32_t kMaxMinorVersion = 9999;  // 3.9999 is what clients "grease" with
constexpr uint32_t kMaxStartup = 10'000;     // MAX_STARTUP_PACKET_LENGTH
constexpr uint32_t kMaxCancel = 12 + 256;    // protocol 3.2: keys of up to 256 bytes

std::optional<StartKind> KindOf(uint32_t code, uint32_t length) {
  if (code == kSslCode) return length == 8 ? std::optional(StartKind::kSslRequest) : std::nullopt;
  if (code == kGssCode) return length == 8 ? std::optional(StartKind::kGssRequest) : std::nullopt;
  if (code == kCancelCode) {
    const bool fits = length >= 16 && length <= kMaxCancel;
    return fits ? std::optional(StartKind::kCancel) : std::nullopt;
  }
  if (code >> 16 != kMajorVersion || (code & 0xffff) > kMaxMinorVersion) return std::nullopt;
  return length >= 9 && length <= kMaxStartup ? std::optional(StartKind::kStartup) : std::nullopt;
}

// Names and values, each with a NUL, and one more NUL.
bool ReadParameters(std::string_view bytes, StartMessage& message) {
  std::string_view user;
  while (bytes.size() > 1) {
    const auto name = TakeText(bytes);
    const auto value = TakeText(bytes);
    if (!name || !value || name->empty()) return false;
    if (*name == "user") user = *value;
    if (*name == "database") message.database = *value;
  }
  if (message.database.empty()) message.database = user;
  return bytes.size() == 1 && bytes.front() == '\0' && !user.empty();
}

}  // namespace

StartMatch ReadStart(std::string_view bytes, StartMessage& message) {
  ByteReader reader(bytes);
  const auto length = reader.ReadBigEndian<uint32_t>();
  if (!length) {
    // The length's upper half is always 0.
    return bytes.substr(0, 2) ==
                   std::string_view("\0\0", 2).substr(0, std::min<size_t>(2, bytes.size()))
               ? StartMatch::kNeedMore
               : StartMatch::kNo;
  }
  if (*length > kMaxStartup) return StartMatch::kNo;
  const auto code = reader.ReadBigEndian<uint32_t>();
  if (!code) return *length >= 8 ? StartMatch::kNeedMore : StartMatch::kNo;
  const auto kind = KindOf(*code, *length);
  if (!kind) return StartMatch::kNo;
  if (bytes.size() < *length) return StartMatch::kNeedMore;
  message = {.kind = *kind, .size = *length};
  if (*kind != StartKind::kStartup) return StartMatch::kYes;
  return ReadParameters(bytes.substr(8, *length - 8), message) ? StartMatch::kYes : StartMatch::kNo;
}

}  // namespace spanwire::protocol::postgresql
