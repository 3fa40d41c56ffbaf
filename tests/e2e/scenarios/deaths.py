# SPDX-License-Identifier: Apache-2.0
"""Keeper and worker die in every way: it comes up again, losses are counted, nothing stays."""

import json
import os
import pathlib
import random
import signal
import time

import kernel_objects
import ledger
import origins
import otlp
from scenarios import scenario

RESTART_SECONDS = 1.0
GONE_SECONDS = 3.0


def state_of(pid: int) -> str:
    """The letter of /proc/PID/stat; empty when there is no such process."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def wait_for(condition, seconds: float) -> float:
    """Returns how long it took; infinity when it did not happen."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            return float("inf")
        time.sleep(0.002)
    return time.monotonic() - start


def descriptors(pid: int) -> int:
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


def confined(pid: int) -> bool:
    """The worker of that pid has given up its privileges."""
    try:
        return "Seccomp:\t2" in pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def new_worker(agent, old: int) -> bool:
    worker = agent.worker_pid()
    return worker not in (0, old) and confined(worker)


def whole_lines(path: pathlib.Path) -> int:
    """How many lines are OTLP, all but a last one without its end and such ones that were ended."""
    lines = path.read_text(errors="replace").split("\n") if path.exists() else []
    return sum(is_json(line) for line in lines)


def is_json(line: str) -> bool:
    try:
        return bool(json.loads(line))
    except ValueError:
        return False


@scenario
def worker_crashes(scene):
    """SIGSEGV, three times under load: started again, the hooks stay, the ledger adds up."""
    port = origins.nginx(scene)
    agent = scene.agent("--stats-interval=100ms")
    hooks, fds = kernel_objects.held_by(agent.program.pid), descriptors(agent.program.pid)
    program, finish = scene.start_load(port, requests=10**6, connections=8, rate=1500)
    times = []
    for _ in range(3):
        time.sleep(0.6)
        worker = agent.worker_pid()
        os.kill(worker, signal.SIGSEGV)
        times.append(wait_for(lambda old=worker: new_worker(agent, old), 3))
        scene.expect(state_of(worker) == "", f"the dead worker is {state_of(worker)!r}")
    after = scene.load(port, requests=300, rate=600, connections=2, new_connection=True)
    program.process.send_signal(signal.SIGTERM)
    finish()
    scene.expect(max(times) < RESTART_SECONDS, f"started again after {times} s")
    now = kernel_objects.held_by(agent.program.pid)
    scene.expect(hooks == now, f"other BPF objects than before: {hooks ^ now}")
    settled = wait_for(lambda: descriptors(agent.program.pid) == fds, 2)
    scene.expect(settled <= 2, f"{descriptors(agent.program.pid)} descriptors, {fds} before")
    agent.stop()
    stages = scene.check_ledger(agent)
    wanted = {t.id for t in after}
    seen = {s.request_id for s in scene.own(agent.spans()) if s.request_id in wanted}
    scene.expect(len(seen) == len(wanted), f"{len(seen)} of {len(wanted)} after the crashes")
    scene.expect(ledger.dropped(stages, "worker_lost") > 0, "nothing was lost, three times?")
    scene.figures.update({"restart ms": [round(t * 1000) for t in times],
                          "worker_lost": ledger.dropped(stages, "worker_lost")})
    left = kernel_objects.left_of(hooks)
    scene.expect(not left, f"left in the kernel: {left}")


@scenario
def worker_crashes_for_ever(scene):
    """After the fifth restart within a minute it gives up, says so, and leaves nothing."""
    scene.port()
    agent = scene.agent()
    hooks = kernel_objects.held_by(agent.program.pid)
    kills, last = 0, 0
    while agent.program.process.poll() is None and kills < 10:
        if wait_for(lambda: agent.program.process.poll() is not None or new_worker(agent, last),
                    5) == float("inf") or agent.program.process.poll() is not None:
            break
        last = agent.worker_pid()
        os.kill(last, signal.SIGKILL)
        kills += 1
        wait_for(lambda: state_of(last) == "", 2)
    code = agent.program.wait(5)
    scene.expect((kills, code) == (6, 1), f"{kills} kills, exit code {code}")
    scene.expect("giving up" in agent.program.errors(), agent.program.errors()[-300:])
    scene.expect(not kernel_objects.left_of(hooks), "BPF objects are left")
    scene.figures["kills"] = kills


@scenario
def keeper_is_killed(scene):
    """SIGKILL of the keeper: the hooks are gone at once, the worker writes what it has and ends."""
    port = origins.nginx(scene)
    agent = scene.agent()
    truths = scene.load(port, requests=500, rate=1000, connections=4)
    hooks, worker = kernel_objects.held_by(agent.program.pid), agent.worker_pid()
    os.kill(agent.program.pid, signal.SIGKILL)
    took = wait_for(lambda: state_of(worker) in ("", "Z"), GONE_SECONDS)
    agent.program.wait(5)
    scene.expect(took < GONE_SECONDS, "the worker lives on")
    wanted = {t.id for t in truths}
    seen = {s.request_id for s in scene.own(agent.spans())} & wanted
    scene.expect(len(seen) == len(wanted), f"{len(seen)} of {len(wanted)} were written")
    scene.expect(not kernel_objects.left_of(hooks), "BPF objects are left")
    scene.figures["worker gone after ms"] = round(took * 1000)


@scenario
def told_to_end(scene):
    """SIGTERM and SIGINT to the keeper, the worker, and both: one clean end each."""
    port = origins.nginx(scene)
    for number in (signal.SIGTERM, signal.SIGINT):
        for whom in ("keeper", "worker", "group"):
            agent = scene.agent()
            hooks, worker = kernel_objects.held_by(agent.program.pid), agent.worker_pid()
            truths = scene.load(port, requests=20, rate=400)
            time.sleep(0.1)
            if whom == "worker":
                # What a terminal sends is the keeper's business.
                os.kill(worker, signal.SIGTERM)
            elif whom == "keeper":
                os.kill(agent.program.pid, number)
            else:
                os.killpg(agent.program.pid, number)
            code = agent.program.wait(10)
            agent.stopped = True
            scene.expect(code == 0, f"{whom}: exit code {code}: {agent.program.errors()[-300:]}")
            scene.expect(state_of(worker) == "", f"{whom}: the worker lives on")
            seen = {s.request_id for s in scene.own(agent.spans())}
            scene.expect({t.id for t in truths} <= seen, f"{whom}: spans are missing")
            scene.check_ledger(agent)
            scene.expect(not kernel_objects.left_of(hooks), f"{whom}: BPF objects are left")


@scenario
def file_is_reopened(scene):
    """SIGHUP after the file was moved away: spans go on in a new one, none is lost."""
    port = origins.nginx(scene)
    agent = scene.agent()
    first = scene.load(port, requests=100, rate=500)
    time.sleep(0.3)
    moved = agent.spans_path.with_suffix(".1")
    agent.spans_path.rename(moved)
    os.kill(agent.program.pid, signal.SIGHUP)
    took = wait_for(agent.spans_path.exists, 3)
    time.sleep(0.2)
    second = scene.load(port, requests=100, rate=500)
    agent.stop()
    scene.expect(took < 3, "no new file")
    ids = [{s.request_id for s in otlp.read_spans(path)} for path in (moved, agent.spans_path)]
    scene.expect({t.id for t in first} <= ids[0] | ids[1], "spans of the first file are missing")
    scene.expect({t.id for t in second} <= ids[1], "spans are missing in the new file")


class Killing:
    """One agent after the other under load, each killed at a random moment."""

    def __init__(self, scene, port: int, seed: int):
        self.scene, self.port, self.random = scene, port, random.Random(seed)
        self.spans, self.stats = scene.folder / "spans.jsonl", scene.folder / "stats.json"
        self.counts = {"keeper": 0, "worker": 0, "both": 0}
        self.lines, self.agent, self.worst = 0, None, 0.0

    def start(self):
        start = time.monotonic()
        self.agent = self.scene.agent(f"--otlp-file={self.spans}")
        self.worst = max(self.worst, time.monotonic() - start)

    def kill(self, whom: str):
        keeper, worker = self.agent.program.pid, self.agent.worker_pid()
        hooks = kernel_objects.held_by(keeper)
        victims = {"keeper": [keeper], "worker": [worker], "both": [worker, keeper]}[whom]
        for victim in victims:
            if victim:
                os.kill(victim, signal.SIGKILL)
        self.counts[whom] += 1
        if whom == "worker":
            took = wait_for(lambda: new_worker(self.agent, worker), 3)
            self.worst = max(self.worst, took)
            self.scene.expect(took <= 3, "no worker came after the dead one")
            return
        self.agent.program.wait(5)
        gone = wait_for(lambda: state_of(worker) in ("", "Z"), GONE_SECONDS)
        self.scene.expect(gone < GONE_SECONDS, f"the worker {worker} lives on")
        left = kernel_objects.left_of(hooks)
        self.scene.expect(not left, f"left in the kernel: {left}")
        self.agent = None

    def step(self, kills_of_this: int) -> int:
        """Returns how often the worker of the present agent was killed by now."""
        if self.agent is None:
            self.start()
            kills_of_this = 0
        time.sleep(self.random.uniform(0, 0.12))
        # A sixth death within a minute ends the agent, which another scenario tests.
        whom = self.random.choice(("keeper", "worker", "both"))
        if whom == "worker" and kills_of_this >= 3:
            whom = "both"
        self.kill(whom)
        lines = whole_lines(self.spans)
        self.scene.expect(lines >= self.lines, f"{lines} whole lines, {self.lines} before")
        self.lines = lines
        return kills_of_this + 1


@scenario
def killed_at_random(scene):
    """SIGKILL at random moments under load. SPANWIRE_KILLS and SPANWIRE_SEED choose how many and
    which; the long form is `scripts/dev kills`."""
    kills = int(os.environ.get("SPANWIRE_KILLS", "30"))
    seed = int(os.environ.get("SPANWIRE_SEED", str(random.randrange(10**6))))
    scene.figures["seed"] = seed
    signal.alarm(60 + 3 * kills)
    killing = Killing(scene, origins.nginx(scene), seed)
    program, finish = scene.start_load(killing.port, requests=10**8, connections=8, rate=800)
    count = 0
    for _ in range(kills):
        count = killing.step(count)
        scene.figures["kills"] = sum(killing.counts.values())
        if scene.problems:
            break
    if killing.agent is None:
        killing.start()
    killing.agent.stop()
    program.process.send_signal(signal.SIGTERM)
    finish()
    torn = [line for line in killing.spans.read_text(errors="replace").split("\n")
            if line and not is_json(line)]
    scene.expect(len(torn) <= kills, f"{len(torn)} torn lines")
    scene.expect(killing.lines > 0, "no spans at all")
    scene.figures.update(killing.counts | {"lines": killing.lines, "torn": len(torn),
                                           "worst start ms": round(killing.worst * 1000)})
