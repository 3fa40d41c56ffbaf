// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/base/result.h"
#include "agent/base/unique_fd.h"

namespace spanwire::process {

// The front of a file.
struct FileText {
  std::string text;
  bool cut = false;   // the file goes on
  bool read = false;  // false: it could not be opened or read
};

// A directory that is held open. Of /proc/PID it stays the directory of that very process: when the
// pid is taken by another one, reads fail instead of telling about the other.
class Directory {
 public:
  static Result<Directory> Open(const std::string& path);

  // The directory `path` below this one; the last component may not be a symbolic link.
  std::optional<Directory> Enter(const std::string& path) const;

  // At most `limit_bytes` of the regular file `path` below this one. Does not follow a symbolic
  // link at the end, never waits.
  FileText Read(const std::string& path, size_t limit_bytes) const;

  // Where the symbolic link `path` points, at most 4095 bytes; empty when it cannot be read.
  std::string ReadLink(const std::string& path) const;

 private:
  explicit Directory(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

// All of `text` as a decimal number.
std::optional<uint64_t> ParseDecimal(std::string_view text);

}  // namespace spanwire::process
