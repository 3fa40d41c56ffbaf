# SPDX-License-Identifier: Apache-2.0
"""The agent comes and goes while traffic runs."""

import signal
import time

import judge
import origins
from scenarios import scenario
from scenarios.servers import front

END_MARGIN_NS = 20_000_000  # a server may still be in the call that delivered the last byte


def go_on(program):
    """Lets a held load client continue."""
    program.process.stdin.write(b"\n")
    program.process.stdin.flush()


def inside(agents: list):
    """The requests that lie inside the life of one agent as a whole."""
    def required(truth: judge.Truth) -> bool:
        return truth.answered and any(a.ready_ns < truth.start_ns and
                                      truth.end_ns < a.stop_ns - END_MARGIN_NS for a in agents)
    return required


@scenario
def older_connections(scene):
    """Connections that were opened, used or are busy before the agent starts."""
    origin = origins.nginx(scene)
    proxy = origins.nginx_proxy(scene, f"127.0.0.1:{origin}", keepalive=32)
    used, finish_used = scene.start_load(proxy, requests=2000, connections=16, hold_after=160,
                                         rate=2000)
    silent, finish_silent = scene.start_load(proxy, requests=500, connections=16, hold_after=0,
                                             rate=1000)
    deep, finish_deep = scene.start_load(proxy, requests=1000, connections=2, hold_after=100,
                                         pipeline=8)
    _, finish_busy = scene.start_load(origin, "/big", requests=12, connections=3, read_bytes=32768,
                                      read_pause_us=3000)
    agent = scene.agent()
    for program in (used, silent, deep):
        go_on(program)
    through = finish_used() + finish_silent() + finish_deep()
    direct = finish_busy()
    agent.stop()
    required = inside([agent])
    upstream = judge.Hop("upstream", origin, client_exe="nginx", server_exe="nginx", sized=True)
    scene.figures["before"] = sum(not required(t) for t in through + direct)
    scene.judge_groups(agent, [(through, [front(proxy, "nginx"), upstream], judge.Rules(
        required=required)), (direct, [front(origin, "nginx")], judge.Rules(required=required))])


@scenario
def older_unix_connections(scene):
    """The same over UNIX sockets, where nothing tells who is who but the bytes."""
    port = origins.origin(scene, "go")
    path = scene.folder / "front.sock"
    origins.nginx(scene, f"listen unix:{path};"
                         f"location / {{ proxy_pass http://127.0.0.1:{port}; }}")
    program, finish = scene.start_load(f"unix:{path}", requests=600, connections=4, hold_after=40,
                                       rate=600)
    agent = scene.agent("--comm=nginx,load_client", ports=False)
    go_on(program)
    truths = finish()
    agent.stop()
    spans = [s for s in agent.spans() if s.is_unix and s.request_id.startswith(scene.token)]
    scene.check_ledger(agent)
    # Joined in mid-stream, the two ends of a UNIX connection do not meet by offset: no parents.
    for hop in (judge.Hop("client end", 0, server=False, client_exe="load_client", timed=True,
                          sized=True),
                judge.Hop("server end", 0, client=False, server_exe="nginx", sized=True)):
        kind = 3 if hop.client else 2
        verdict = judge.Judge(truths, [hop], judge.Rules(required=inside([agent]))).judge(
            [s for s in spans if s.kind == kind])
        scene.problems += verdict.problems()
        scene.figures.update(verdict.figures)


@scenario
def restarted_under_load(scene):
    """Three agents one after the other: what lies in the life of one is there, and only once."""
    origin = origins.nginx(scene)
    proxy = origins.nginx_proxy(scene, f"127.0.0.1:{origin}", keepalive=16)
    program, finish = scene.start_load(proxy, requests=10**6, connections=8, rate=1500,
                                       timeout_ms=5000)
    agents = []
    for _ in range(3):
        agent = scene.agent()
        program.wait_until(lambda: lived(agent, 1.0), "traffic")
        agent.stop()
        agents.append(agent)
    program.process.send_signal(signal.SIGTERM)
    truths = finish()
    required = inside(agents)
    upstream = judge.Hop("upstream", origin, client_exe="nginx", server_exe="nginx", sized=True)
    scene.judge(agents, truths, [front(proxy, "nginx"), upstream], judge.Rules(required=required))
    scene.figures["inside"] = sum(required(t) for t in truths)


def lived(agent, seconds: float) -> bool:
    return time.monotonic_ns() > agent.ready_ns + seconds * 1e9
