// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "agent/base/unique_fd.h"

// Places to write to in tests.
namespace spanwire::exporter {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) == 0) {
      reader.Reset(ends[0]);
      writer.Reset(ends[1]);
    }
  }

  // Everything until the last writer closes.
  std::string ReadAll() const {
    std::string text;
    std::array<char, 4096> bytes{};
    for (ssize_t size = 0; (size = read(reader.get(), bytes.data(), bytes.size())) > 0;) {
      text.append(bytes.data(), static_cast<size_t>(size));
    }
    return text;
  }

  UniqueFd reader;
  UniqueFd writer;
};

// A file that is gone with the test.
class TemporaryFile {
 public:
  TemporaryFile() {
    const UniqueFd file(mkstemp(path_.data()));
    unlink(path_.c_str());
  }
  ~TemporaryFile() { unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }
  std::string Read() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::string path_ = "/tmp/spanwire_test_XXXXXX";
};

}  // namespace spanwire::exporter
