// SPDX-License-Identifier: Apache-2.0
#include "agent/process/proc_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <limits>

namespace spanwire::process {
namespace {

constexpr int kDirectoryFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;
constexpr size_t kMaxLink = 4096;  // PATH_MAX

bool IsRegular(int fd) {
  struct stat status{};
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

Result<Directory> Directory::Open(const std::string& path) {
  UniqueFd fd(open(path.c_str(), kDirectoryFlags));
  if (!fd) return ErrnoError(path, errno);
  return Directory(std::move(fd));
}

std::optional<Directory> Directory::Enter(const std::string& path) const {
  UniqueFd fd(openat(fd_.get(), path.c_str(), kDirectoryFlags | O_NOFOLLOW));
  if (!fd) return std::nullopt;
  return Directory(std::move(fd));
}

FileText Directory::Read(const std::string& path, size_t limit_bytes) const {
  FileText file;
  const UniqueFd fd(
      openat(fd_.get(), path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd || !IsRegular(fd.get())) return file;
  // One byte more than wanted tells whether the file goes on.
  constexpr size_t kPiece = 4096;
  while (file.text.size() <= limit_bytes) {
    const size_t before = file.text.size();
    file.text.resize(before + std::min(kPiece, limit_bytes + 1 - before));
    const ssize_t count = read(fd.get(), &file.text[before], file.text.size() - before);
    file.text.resize(before + static_cast<size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return {};
    if (count == 0) break;
  }
  file.read = true;
  file.cut = file.text.size() > limit_bytes;
  if (file.cut) file.text.resize(limit_bytes);
  return file;
}

std::string Directory::ReadLink(const std::string& path) const {
  std::array<char, kMaxLink> target{};
  const ssize_t size = readlinkat(fd_.get(), path.c_str(), target.data(), target.size() - 1);
  if (size <= 0) return {};
  return {target.data(), static_cast<size_t>(size)};
}

std::optional<uint64_t> ParseDecimal(std::string_view text) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  uint64_t number = 0;
  for (const char c : text) {
    const auto digit = static_cast<uint64_t>(c - '0');
    if (c < '0' || c > '9' || number > (kMost - digit) / 10) return std::nullopt;
    number = number * 10 + digit;
  }
  if (text.empty()) return std::nullopt;
  return number;
}

}  // namespace spanwire::process
