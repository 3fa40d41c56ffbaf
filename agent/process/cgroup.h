// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace spanwire::process {

// What the place of a process in the cgroup tree tells about it.
struct CgroupFacts {
  std::string container_id;  // 64 lower-case hex digits, or empty
  std::string
      systemd_unit;  // as systemctl names it: "nginx.service", "app@a\x2db.service"; or empty
};

// Reads one path below the cgroup root, e.g. "/system.slice/nginx.service" or
// "/kubepods.slice/kubepods-pod1.slice/cri-containerd-<id>.scope". The innermost container counts,
// and the innermost unit that is not above it: the unit of a container runtime is not the unit of
// what runs in its containers.
CgroupFacts ReadCgroupPath(std::string_view path);

// Reads /proc/PID/cgroup of a v2, v1 or hybrid host (cgroups(7)): lines "id:controllers:path".
// systemd's own tree is asked first, then the v2 tree, then the others. The first that knows of a
// container gives both facts (on hybrid hosts another tree may still have the process at its
// runtime's unit); else the first that knows a unit.
CgroupFacts ReadCgroupFile(std::string_view text);

// What the kernel said where /proc is gone: the names of the innermost directory and the one above
// it.
CgroupFacts ReadCgroupNames(std::string_view parent, std::string_view name);

}  // namespace spanwire::process
