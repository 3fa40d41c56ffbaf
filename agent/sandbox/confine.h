// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include "agent/base/result.h"

namespace spanwire::sandbox {

// Who a process without privileges is.
struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
};

// The user "spanwire", or nobody where there is none.
Identity UnprivilegedIdentity();

struct ConfineOptions {
  bool network = true;  // may talk to IP addresses
  pid_t parent = 0;     // whose death ends us (SIGTERM)
};

// Gives up, for good, everything that parsing and exporting do not need: see README.md. Keeps the
// descriptors that are open. Requires: one thread. After an error the process must end: it may have
// given up a part only.
Result<> Confine(const ConfineOptions& options);

}  // namespace spanwire::sandbox
