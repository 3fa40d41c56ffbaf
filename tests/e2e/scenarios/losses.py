# SPDX-License-Identifier: Apache-2.0
"""Makes every kind of drop happen, and checks that the ledger has it, with its reason, exactly."""

import os
import signal
import time

import harness
import judge
import ledger
import origins
import otlp
import programs
from scenarios import scenario
from scenarios.servers import front


def expect_drops(scene: harness.Scene, agent: harness.Agent, stage: str, expected: dict):
    """`expected`: reason -> the least count."""
    stages = scene.check_ledger(agent)
    for reason, at_least in expected.items():
        count = ledger.dropped(stages, reason, stage)
        scene.expect(count >= at_least, f"{stage}: {reason} {count}, expected {at_least}: "
                                        f"{ledger.reasons(stages)}")


def end_unknown(span: otlp.Span) -> bool:
    return span.attributes.get("spanwire.ending") in ("lost", "still_open")


@scenario
def loss_full_ring(scene):
    """A tiny ring and an agent that stands still for a while: spans are missing, none is wrong, and
    afterwards all is well again."""
    port = origins.nginx(scene)
    agent = scene.agent("--ring-size=64KiB")
    before = scene.load(port, requests=200, rate=1000)
    _, finish = scene.start_load(port, requests=4000, rate=1500, connections=4)
    time.sleep(0.5)
    os.kill(agent.worker_pid(), signal.SIGSTOP)
    time.sleep(1)
    os.kill(agent.worker_pid(), signal.SIGCONT)
    truths = finish()
    after = scene.load(port, requests=500, rate=1000, connections=4)
    agent.stop()
    # Times are not judged: bytes whose record was lost have none. Nor are spans that say that
    # their end is not known.
    hop = front(port, "nginx", timed=False)
    lossy = judge.Rules(recall=0.3, tolerates=end_unknown)
    scene.judge_groups(agent, [(before, [hop]), (truths, [hop], lossy), (after, [hop])])
    expect_drops(scene, agent, "ring", {"ring_full": 100})
    # The connections went on, so the missing bytes show.
    expect_drops(scene, agent, "stream", {"hole": 1})


@scenario
def loss_unparsable(scene):
    """Junk, framing that cannot be trusted, tunnels: bytes that no message accounts for."""
    port, raw = origins.nginx(scene), origins.python_raw(scene)
    agent = scene.agent()
    for kind in ("random", "confused", "smuggle"):
        scene.run(kind, ["python3", harness.TOP / "tests/e2e/hostility.py", kind, port, 0.5])
    scene.load(raw, "/junk", requests=20)
    agent.stop()
    expect_drops(scene, agent, "stream", {"undetected": 1, "not_http": 1, "ambiguous_framing": 1})


@scenario
def loss_eviction(scene):
    """More half requests than the memory bound lets the agent hold."""
    sink = scene.port()
    scene.start("sink", ["python3", harness.SERVERS / "sink.py", sink]).wait_port(sink)
    agent = scene.agent("--memory-limit=1MiB")
    scene.run("half", ["python3", harness.TOP / "tests/e2e/hostility.py", "half", sink, 2])
    agent.stop()
    expect_drops(scene, agent, "stream", {"evicted": 1})


@scenario
def loss_dead_collector(scene):
    """Nobody listens at the collector's port: every span is dropped there, and only there."""
    port = origins.nginx(scene)
    nobody = programs.free_port()
    agent = scene.agent(f"--otlp-endpoint=http://127.0.0.1:{nobody}",
                        "--otlp-protocol=http/protobuf")
    truths = scene.load(port, requests=500, rate=1000)
    agent.stop()
    scene.judge(agent, truths, [front(port, "nginx")])
    expect_drops(scene, agent, "exporter/otlp", {"shutdown": 2 * len(truths)})
