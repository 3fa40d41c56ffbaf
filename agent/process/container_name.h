// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "agent/process/proc_directory.h"

namespace spanwire::process {

// What its runtime calls the container `id`: its service in Docker Compose, its name in a
// Kubernetes pod, else its Docker name. Read from the runtimes' own state files below `root`,
// without asking any daemon:
//
//   Docker               var/lib/docker/containers/<id>/config.v2.json  Config.Labels, Name
//   containerd (CRI)     run/containerd/io.containerd.runtime.v2.task/k8s.io/<id>/config.json
//   CRI-O                run/containers/storage/overlay-containers/<id>/userdata/config.json
//
// The latter two are OCI runtime specifications whose annotations hold the names. Empty when no
// file is there, none may be read, or `id` is no id.
std::string FindContainerName(const Directory& root, std::string_view id);

}  // namespace spanwire::process
