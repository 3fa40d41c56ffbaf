# SPDX-License-Identifier: Apache-2.0
"""Hostile bytes and hostile rates: the agent lives, stays small, and sees the traffic beside."""

import harness
import judge
import origins
from scenarios import scenario
from scenarios.servers import front

MAX_GROWTH = 64 << 20
RECALL = 0.995


class Siege:
    """An origin under attack, a sink, the agent, and ordinary traffic beside."""

    def __init__(self, scene: harness.Scene, seconds: float):
        self.scene, self.seconds = scene, seconds
        self.port = origins.nginx(scene)
        self.sink = scene.port()
        sink = scene.start("sink", ["python3", harness.SERVERS / "sink.py", self.sink])
        sink.wait_port(self.sink)
        self.agent = scene.agent()
        # Some traffic first, so that growth is not the first allocation of what every run needs.
        self.truths = scene.load(self.port, requests=300, rate=1000, connections=4)
        self.rss = self.agent.rss_bytes()
        self.peak = self.rss
        _, self.finish = scene.start_load(self.port, requests=int(400 * seconds), rate=400,
                                          connections=8)

    def attack(self, kind: str, port: int):
        """In the background."""
        return self.scene.start(kind, [
            "python3", harness.TOP / "tests/e2e/hostility.py", kind, port, self.seconds,
            f"hostile-{self.scene.token}-"])

    def end(self, attackers: list, tolerated=None):
        """Waits for the traffic, then judges it; `tolerated` are truths that may have spans."""
        self.truths += self.finish(self.seconds + 30)
        self.peak = max(self.peak, self.agent.rss_bytes())
        for attacker in attackers:
            attacker.wait(self.seconds + 30)
        self.agent.program.check_alive()
        self.peak = max(self.peak, self.agent.rss_bytes())
        self.agent.stop()
        self.scene.figures["rss MiB"] = [self.rss >> 20, self.peak >> 20]
        self.scene.expect(self.peak - self.rss <= MAX_GROWTH,
                          f"the agent grew by {(self.peak - self.rss) >> 20} MiB")
        self.judge(tolerated or [])

    def judge(self, tolerated: list):
        known = {t.id for t in self.truths}
        spans = [s for s in self.scene.own(self.agent.spans())
                 if not s.request_id.startswith("hostile-")]
        odd = [s for s in spans if not s.request_id]
        tolerated_ids = {t.id for t in tolerated}
        verdict = judge.Judge(self.truths, [front(self.port, "nginx")],
                              judge.Rules(recall=RECALL)).judge(
            [s for s in spans if s.request_id and s.request_id not in tolerated_ids])
        self.scene.problems += verdict.problems()
        self.scene.figures.update(verdict.figures)
        self.scene.figures["requests"] = len(known)
        self.scene.expect(not odd, f"{len(odd)} spans of requests that nobody made, e.g. "
                                   f"{odd and judge.describe(odd[0])}")
        self.scene.check_ledger(self.agent)


@scenario
def hostile_bytes(scene):
    siege = Siege(scene, 6)
    attackers = [siege.attack(kind, siege.port)
                 for kind in ("random", "confused", "header", "tls", "smuggle", "half")]
    attackers += [siege.attack(kind, siege.sink) for kind in ("random", "header", "half")]
    siege.end(attackers)


@scenario
def hostile_resets(scene):
    """Connections that are reset right after the request. What became of a request is anybody's
    guess, but it was made, so it may be shown, once."""
    siege = Siege(scene, 5)
    cut = scene.load(siege.port, requests=2500, connections=16, rate=500, reset_after_send=True)
    cut += scene.load(siege.port, requests=500, new_connection=True, reset_after_send=True)
    scene.expect({t.ended for t in cut} <= {"aborted", "refused"}, "the client did not reset")
    siege.end([], cut)


@scenario
def hostile_rate(scene):
    """Two thousand short connections a second for ten seconds; their requests are traced too."""
    siege = Siege(scene, 10)
    siege.truths += scene.load(siege.port, requests=20000, connections=8, rate=2000,
                               new_connection=True)
    siege.end([])
