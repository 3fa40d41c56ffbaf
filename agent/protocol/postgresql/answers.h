// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace spanwire::protocol::postgresql {

// Of an ErrorResponse or a NoticeResponse. Its texts may quote values: they stay here.
struct Notice {
  std::string_view code;  // SQLSTATE, five letters or digits; empty when it is not there
  bool fatal = false;     // the server closes the connection
};
Notice ReadNotice(std::string_view body);

// Whether a SQLSTATE of a notice is a warning: class 01, or 02 for "no data".
bool IsWarning(std::string_view code);

// Of a CommandComplete: "SELECT 5", "INSERT 0 5", "CREATE TABLE".
struct CommandTag {
  std::string_view verb;  // "SELECT", "CREATE TABLE"
  std::optional<int64_t> rows;
};
CommandTag ReadTag(std::string_view body);

// What the row count of a tag counts.
enum class RowMeaning : uint8_t { kNone, kReturned, kAffected };
RowMeaning MeaningOf(std::string_view verb);

}  // namespace spanwire::protocol::postgresql
