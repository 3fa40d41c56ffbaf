// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/base/result.h"

namespace spanwire::sandbox {

// The version of Landlock that this kernel has; 0 = none.
int FileRulesVersion();

// From now on this thread and those it makes open files only below the folders that name resolution
// and TLS read (/etc, /usr, the libraries), and only to read; descriptors that are open stay as
// they are. Does nothing where the kernel has no Landlock. Requires no_new_privs.
Result<> RestrictFiles();

}  // namespace spanwire::sandbox
