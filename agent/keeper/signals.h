// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>

#include "agent/base/result.h"
#include "agent/base/unique_fd.h"

namespace spanwire::keeper {

// The signals that a keeper acts on (INT, TERM, HUP, CHLD), blocked and read from a descriptor
// instead; PIPE is ignored. The destructor gives them back.
class Signals {
 public:
  static Result<Signals> Catch();
  Signals(Signals&&) noexcept = default;
  Signals& operator=(Signals&&) = delete;
  ~Signals();

  int fd() const { return file_.get(); }
  // The next signal that came; 0 = none.
  int Next() const;

  // In the child, before exec: as if they had never been caught.
  static void Release();

 private:
  explicit Signals(UniqueFd file) : file_(std::move(file)) {}

  UniqueFd file_;
};

}  // namespace spanwire::keeper
