// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/app/options.h"

namespace spanwire::app {

// tail, daemon and record: traces this host until a signal, --for or --limit ends it.
ExitCode RunLive(const Options& options);

// replay: the same corridor, fed from a recording.
ExitCode RunReplay(const Options& options);

// doctor: tries what tracing needs, and says how to mend what does not work.
ExitCode RunDoctor(const Options& options);

}  // namespace spanwire::app
