# SPDX-License-Identifier: Apache-2.0
"""Who did it: names of services, containers and units, processes that are gone, pids used again."""

import contextlib
import os
import pathlib
import secrets
import time

import harness
import origins
from scenarios import scenario

PLAIN = {"OTEL_SERVICE_NAME": "", "OTEL_RESOURCE_ATTRIBUTES": "", "DD_SERVICE": ""}
NAMED = {"OTEL_SERVICE_NAME": "shop",
         "OTEL_RESOURCE_ATTRIBUTES": "service.namespace=east,team=a%2Cb,process.pid=1"}
INTO_CGROUP = 'echo $$ >"$0/cgroup.procs" && exec "$@"'
BRIEF = 100
REUSES = 20


def cgroup_root() -> pathlib.Path:
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return pathlib.Path(place)
    raise AssertionError("no cgroup2 file system is mounted")


@contextlib.contextmanager
def cgroup(*names: str):
    """A cgroup of this name below a slice of our own. What runs in it at the end is killed."""
    made = [cgroup_root() / f"spanwire{secrets.token_hex(4)}.slice"]
    made += [made[0] / pathlib.Path(*names[:depth + 1]) for depth in range(len(names))]
    for path in made:
        path.mkdir()
    try:
        yield made[-1]
    finally:
        remove(made)


def remove(made: list):
    (made[0] / "cgroup.kill").write_text("1")  # everything below; Linux 5.14
    deadline = time.monotonic() + 5
    while "populated 1" in (made[0] / "cgroup.events").read_text():
        if time.monotonic() > deadline:
            raise AssertionError(f"{made[0]} does not get empty")
        time.sleep(0.01)
    for path in reversed(made):
        path.rmdir()


def python_server(scene: harness.Scene, place: pathlib.Path = None, **environment):
    """Returns the program and its port."""
    port = scene.port()
    argv = ["python3", "-m", "http.server", port, "--bind", "127.0.0.1"]
    if place:
        argv = ["sh", "-c", INTO_CGROUP, place, *argv]
    program = scene.start("python", argv, env={**PLAIN, **environment}, cwd="/")
    program.wait_port(port)
    return program, port


def fetch(scene: harness.Scene, port: int) -> str:
    """One request. Returns its id."""
    request = f"{scene.token}-{scene.number()}"
    scene.run("curl", ["curl", "-sS", "-o", "/dev/null", f"http://127.0.0.1:{port}/r/{request}"],
              env=PLAIN)
    return request


def check_server(scene: harness.Scene, agent: harness.Agent, port: int, expected: dict):
    """Every server span of `port` has the resource attributes that are expected of it."""
    spans = [s for s in agent.spans() if s.kind == 2 and s.server_port == port]
    scene.expect(bool(spans), f"no server span for {expected}")
    for span in spans:
        for key, value in expected.items():
            seen = span.resource.get(key)
            scene.expect(seen == value, f"{key} is {seen!r}, not {value!r}")


@scenario
def services_name_themselves(scene):
    """The environment of a process names its service, and nothing else of it leaves."""
    canary = "canary" + secrets.token_hex(12)
    named, named_port = python_server(scene, **NAMED, API_TOKEN=canary)
    plain, plain_port = python_server(scene, API_TOKEN=canary)
    nginx_port = origins.nginx(scene)
    agent = scene.agent()
    for port in (named_port, plain_port, nginx_port):
        fetch(scene, port)
    agent.stop()
    check_server(scene, agent, named_port, {
        "service.name": "shop", "service.namespace": "east", "team": "a,b",
        "process.pid": named.pid, "process.parent_pid": os.getpid()})
    check_server(scene, agent, plain_port, {
        "service.name": "http.server", "process.pid": plain.pid})
    check_server(scene, agent, nginx_port, {
        "service.name": "nginx", "process.executable.name": "nginx"})
    scene.expect(canary not in agent.spans_path.read_text(), "a variable left the agent")
    scene.check_ledger(agent)


@scenario
def containers_and_units(scene):
    """The cgroup tells the container and the unit, for servers and for short-lived clients."""
    container = secrets.token_hex(32)
    with cgroup(f"docker-{container}.scope") as boxed, cgroup("shop@a\\x2db.service") as unit:
        _, container_port = python_server(scene, boxed)
        _, unit_port = python_server(scene, unit)
        agent = scene.agent()
        fetch(scene, container_port)
        scene.run("curl", ["sh", "-c", INTO_CGROUP, unit, "curl", "-sS", "-o", "/dev/null",
                           f"http://127.0.0.1:{unit_port}/r/{scene.token}-unit"], env=PLAIN)
        agent.stop()
    check_server(scene, agent, container_port, {
        "container.id": container, "service.name": "http.server",
        "spanwire.systemd.unit": None})
    check_server(scene, agent, unit_port, {
        "service.name": "shop@a-b", "spanwire.systemd.unit": "shop@a\\x2db.service"})
    clients = [s for s in agent.spans() if s.kind == 3 and s.request_id.endswith("-unit")]
    scene.expect([s.resource["service.name"] for s in clients] == ["shop@a-b"],
                 "the client in the unit is not named after it")


@scenario
def brief_processes(scene):
    """Processes that are gone when the agent looks have their name and their pid all the same."""
    port = origins.nginx(scene)
    agent = scene.agent()
    pids = {}
    for _ in range(BRIEF):
        request = f"{scene.token}-{scene.number()}"
        pids[request] = scene.run("curl", ["curl", "-sS", "-o", "/dev/null",
                                           f"http://127.0.0.1:{port}/r/{request}"], env=PLAIN).pid
    agent.stop()
    seen = {s.request_id: s.resource for s in agent.spans() if s.kind == 3}
    named = sum(seen.get(r, {}).get("service.name") == "curl" and
                seen[r].get("process.pid") == pid for r, pid in pids.items())
    scene.figures["named"] = named
    scene.expect(named == BRIEF, f"{BRIEF - named} of {BRIEF} brief processes are not named")
    scene.check_ledger(agent)


def fetch_as(pid: int, name: str, url: str) -> bool:
    """Asks for `url` from a new process, of this pid if the kernel lets it. Returns whether."""
    pathlib.Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1))
    child = os.fork()
    if child == 0:
        try:
            os.execvpe("curl", ["curl", "-sS", "-o", os.devnull, url],
                       {**os.environ, **PLAIN, "OTEL_SERVICE_NAME": name})
        finally:
            os._exit(127)
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise AssertionError(f"curl ended with {os.waitstatus_to_exitcode(status)}")
    return child == pid


@scenario
def reused_pids(scene):
    """One pid, two services that take turns with it: neither ever gets the other's name."""
    port = origins.origin(scene, "go")
    agent = scene.agent()
    pid = int(pathlib.Path("/proc/sys/kernel/pid_max").read_text()) - 1000
    names, reused = {}, 0
    while reused < REUSES and len(names) < 10 * REUSES:
        name = f"service-{len(names) % 2}"
        request = f"{scene.token}-{scene.number()}"
        names[request] = name
        reused += fetch_as(pid, name, f"http://127.0.0.1:{port}/r/{request}")
    agent.stop()
    scene.expect(reused == REUSES, f"the pid was used {reused} times, not {REUSES}")
    spans = [s for s in agent.spans() if s.kind == 3 and s.request_id in names]
    scene.expect(len(spans) == len(names), f"{len(spans)} client spans of {len(names)}")
    # Gone before its environment was read, a process is called after its executable.
    wrong = [s for s in spans
             if s.resource["service.name"] not in (names[s.request_id], "curl")]
    scene.expect(not wrong, f"{len(wrong)} spans have the other service's name")
    scene.figures["named"] = sum(s.resource["service.name"] != "curl" for s in spans)
    scene.figures["pids"] = len({s.resource["process.pid"] for s in spans})
