// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace spanwire::app {

// From now on SIGINT and SIGTERM only ask the process to stop, and SIGPIPE is ignored: a write that
// finds no reader fails instead. Call once, before threads are made. A second SIGINT or SIGTERM
// kills.
void CatchStopSignals();

// The same for a worker: SIGTERM asks, also when the keeper's death sends it, and 12 s later ends
// the process whatever it does; what a terminal sends is the keeper's business.
void CatchWorkerSignals();

bool StopRequested();

}  // namespace spanwire::app
