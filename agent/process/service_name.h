// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "agent/model/process.h"

namespace spanwire::process {

// The name of the service that `process` belongs to, when it does not name itself. The first that
// is known of:
//
//   1. its systemd service, without ".service": "nginx", "postgresql@15-main". Scopes and the
//   managers of
//      user sessions (session-3.scope, user@1000.service) and transient units (run-u17.service) are
//      no names: they say who started it, not what it is.
//   2. `container_name`: what the container runtime calls it.
//   3. the program that an interpreter runs: "shop" for `node /srv/shop/index.js`.
//   4. the executable: "nginx". A container's id is never a name: it changes with every deployment,
//   and
//      a service must keep its name over them.
//   5. the name of the thread that was seen first ("comm").
//   6. "unknown_service", as the specification of the resource SDK has it.
//
// Never empty. `process` needs systemd_unit, executable_name, arguments and comm.
std::string ChooseServiceName(const model::Process& process, std::string_view container_name);

}  // namespace spanwire::process
