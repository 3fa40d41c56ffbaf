// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/app/options.h"

namespace spanwire::app {

// tail, daemon and record: traces this host until a signal, --for or --limit ends it. This process
// becomes the keeper; `arguments` (without the program's name) are those that made `options`: the
// worker reads them again.
ExitCode RunLive(const Options& options, const std::vector<std::string>& arguments);

// The first word of a worker's command line: the rest is the keeper's.
inline constexpr std::string_view kWorkerWord = "--worker";
// And of a process that makes one of the attempts of sandbox/probes.h; its number follows.
inline constexpr std::string_view kProbeWord = "--probe";

// The other half of RunLive(), started by the keeper alone.
ExitCode RunWorker(const Options& options);

// Tries to get out of the sandbox. Exits with kProbeRefused or kProbeEscaped, or not by itself.
inline constexpr int kProbeRefused = 10;
inline constexpr int kProbeEscaped = 11;
int RunProbe(std::string_view number);

// replay: the same corridor, fed from a recording.
ExitCode RunReplay(const Options& options);

// doctor: tries what tracing needs, and says how to mend what does not work.
ExitCode RunDoctor(const Options& options);

}  // namespace spanwire::app
