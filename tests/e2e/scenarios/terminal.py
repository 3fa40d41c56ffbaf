# SPDX-License-Identifier: Apache-2.0
"""What a person at a terminal meets: quick lines, and an agent that sleeps when nothing happens."""

import collections
import http.client
import json
import pathlib
import subprocess
import threading
import time

import harness
import origins
from scenarios import scenario

MAX_LATENCY_S = 1.0  # the aim is 0.1; a busy test machine must not make this fail
MAX_WAKEUPS = 5      # a second


def first_lines(program, found: dict):
    """Notes when each request's first line comes."""
    for line in program.process.stdout:
        now = time.monotonic_ns()
        for key in list(found):
            if key in line and found[key] is None:
                found[key] = now


@scenario
def tail_is_quick(scene):
    """From the answer to the line, on an idle host and under load."""
    port = origins.nginx(scene)
    program = scene.start("tail", [scene.spanwire, "tail", "-o", "json", f"--port={port}"],
                          stdout=subprocess.PIPE, text=True)
    program.wait_until(lambda: "spanwire: ready" in program.errors(), "ready line")
    ids = [f"{scene.token}-t{n}-" for n in range(40)]
    found = dict.fromkeys(ids)
    reader = threading.Thread(target=first_lines, args=(program, found), daemon=True)
    reader.start()
    delays = {"idle": [], "busy": []}
    for number, request_id in enumerate(ids):
        if number == len(ids) // 2:
            load, finish = scene.start_load(port, requests=10**6, rate=2000, connections=8)
        delays["idle" if number < len(ids) // 2 else "busy"].append(
            one_delay(scene, port, request_id, found))
    load.process.terminate()
    finish()
    program.process.terminate()
    program.wait(10)
    for state, values in delays.items():
        scene.expect(None not in values, f"{state}: {values.count(None)} requests got no line")
        known = sorted(v for v in values if v is not None)
        scene.figures[f"{state} median ms, worst ms"] = [
            round(known[len(known) // 2] / 1e6, 1), round(known[-1] / 1e6, 1)] if known else None
        slow = [v for v in known if v > MAX_LATENCY_S * 1e9]
        scene.expect(not slow, f"{state}: slow lines: {slow}")


def one_delay(scene: harness.Scene, port: int, request_id: str, found: dict):
    """One request; ns from its end to its line, None when none came."""
    time.sleep(0.1)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", f"/r/{request_id}")
    connection.getresponse().read()
    end = time.monotonic_ns()
    connection.close()
    deadline = time.monotonic() + 2
    while found[request_id] is None and time.monotonic() < deadline:
        time.sleep(0.005)
    return found[request_id] and max(0, found[request_id] - end)


@scenario
def tail_lines(scene):
    """One JSON object a line; text that is piped is neither cut nor coloured; filters filter."""
    port, other = origins.nginx(scene), origins.nginx(scene)
    outputs = {}
    argv = {"json": ["-o", "json"], "text": [], "coloured": ["--color=always"]}
    tails = {name: scene.start(f"tail_{name}", [scene.spanwire, "tail", f"--port={port}", *flags])
             for name, flags in argv.items()}
    for program in tails.values():
        program.wait_until(lambda: "spanwire: ready" in program.errors(), "ready line")
    long_path = "/" + "x" * 300
    truths = scene.load(port, long_path, requests=50, rate=500)
    scene.load(other, "/not-asked-for", requests=10)
    for name, program in tails.items():
        program.process.terminate()
        code = program.wait(10)
        scene.expect(code in (0, 143), f"tail {name} ended with {code}")
        outputs[name] = program.output()
    entries = [json.loads(line) for line in outputs["json"].splitlines()]
    scene.expect(len(entries) == 2 * len(truths),
                 f"{len(entries)} lines for {len(truths)} requests")
    scene.expect(all(e.get("schema") == "spanwire.request/1" for e in entries), "no schema")
    words = collections.Counter(word for line in outputs["text"].splitlines()
                                for word in line.split())
    absent = [t.id for t in truths if sum(n for w, n in words.items() if w.endswith(t.id)) != 2]
    scene.expect(not absent, f"{len(absent)} requests do not have two lines, e.g. {absent[:1]}")
    scene.expect("\x1b" not in outputs["text"], "colour in a pipe")
    scene.expect("\x1b" in outputs["coloured"], "no colour though asked for")
    scene.expect(not any("not-asked-for" in o for o in outputs.values()), "--port let others in")


@scenario
def idle_agent_sleeps(scene):
    """At most five wake-ups a second when no traced socket does anything."""
    scene.port()
    agent = scene.agent()
    time.sleep(1)
    both = (agent.program.pid, agent.worker_pid())
    before, start = sum(map(wakeups, both)), time.monotonic()
    time.sleep(5)
    rate = (sum(map(wakeups, both)) - before) / (time.monotonic() - start)
    scene.figures.update({"wake-ups a second": round(rate, 1), "rss MiB": agent.rss_bytes() >> 20})
    agent.stop()
    scene.check_ledger(agent)
    scene.expect(rate <= MAX_WAKEUPS, f"{rate:.1f} wake-ups a second")


def wakeups(pid: int) -> int:
    """Voluntary context switches of all threads."""
    total = 0
    for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
        for line in status.read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                total += int(line.split()[1])
    return total
