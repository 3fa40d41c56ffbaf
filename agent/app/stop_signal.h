// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace spanwire::app {

// From now on SIGINT and SIGTERM only ask the process to stop, and SIGPIPE is ignored: a write that
// finds no reader fails instead. Call once, before threads are made. A second SIGINT or SIGTERM
// kills.
void CatchStopSignals();

bool StopRequested();

}  // namespace spanwire::app
