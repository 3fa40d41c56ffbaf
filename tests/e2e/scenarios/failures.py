# SPDX-License-Identifier: Apache-2.0
"""Requests that get no whole answer become error spans, never silence and never something else."""

import judge
import origins
import otlp
import programs
from scenarios import scenario
from scenarios.servers import front


def everything(truth: judge.Truth) -> bool:
    return True


@scenario
def cut_answers(scene):
    """The server resets or closes before or within its answer."""
    raw = origins.python_raw(scene)
    agent = scene.agent()
    truths = {what: scene.load(raw, f"/{what}", requests=50, rate=500)
              for what in ("reset", "half", "close")}
    good = scene.load(raw, "/fine", requests=100, rate=500)
    agent.stop()
    for what, ended in (("reset", "reset"), ("half", "closed"), ("close", "closed")):
        scene.expect({t.ended for t in truths[what]} == {ended}, f"{what} did not end {ended}")
    # The two ends see different things: who resets has no error of its own. So the reason is judged
    # at the client only.
    everyone = [t for several in truths.values() for t in several]
    ids = {t.id for t in everyone}
    spans = scene.own(agent.spans())
    rules = judge.Rules(required=everything, recall=1)
    client_end = judge.Hop("client end", raw, server=False, client_exe="load_client", timed=True)
    verdict = judge.Judge(everyone, [client_end], rules).judge(
        [s for s in spans if s.kind == otlp.CLIENT and s.request_id in ids])
    scene.problems += verdict.problems()
    for span in (s for s in spans if s.kind == otlp.SERVER and s.request_id in ids):
        if span.status != otlp.ERROR or not span.attributes.get("error.type"):
            scene.problems.append(f"no error: {judge.describe(span)}")
    servers = {s.request_id for s in spans if s.kind == otlp.SERVER}
    scene.expect(ids <= servers, f"{len(ids - servers)} server spans are missing")
    scene.figures.update(verdict.figures)
    verdict = judge.Judge(good, [front(raw, "")]).judge(
        [s for s in spans if s.request_id not in ids])
    scene.problems += verdict.problems()
    scene.check_ledger(agent)


@scenario
def junk_answers(scene):
    """An answer that is no HTTP: the request is an error, and nothing more is read there."""
    raw = origins.python_raw(scene)
    agent = scene.agent()
    truths = scene.load(raw, "/junk", requests=50, rate=500)
    agent.stop()
    scene.expect({t.ended for t in truths} == {"garbage"}, "the server sent no junk")
    hop = judge.Hop("front", raw, client_exe="load_client")
    scene.judge(agent, truths, [hop], judge.Rules(required=everything, recall=1))


@scenario
def refused_connections(scene):
    """Nothing was sent, so there is no request and no span; a server that comes later is seen."""
    port = scene.port()
    later = scene.port()
    agent = scene.agent()
    refused = scene.load(port, requests=50, rate=500)
    scene.expect({t.ended for t in refused} == {"refused"}, "the port was not closed")
    program = scene.start("raw", ["python3", origins.harness.SERVERS / "raw.py", later])
    program.wait_until(lambda: programs.accepts(later), "port")
    truths = scene.load(later, requests=50, rate=500)
    agent.stop()
    scene.judge(agent, truths, [front(later, "")])


@scenario
def given_up_requests(scene):
    """The client gives up, or the agent ends first: a span with an error all the same."""
    sink = scene.port()
    scene.start("sink", ["python3", origins.harness.SERVERS / "sink.py", sink]).wait_port(sink)
    agent = scene.agent()
    given_up = scene.load(sink, requests=5, connections=5, timeout_ms=300)
    program, _ = scene.start_load(sink, requests=3, connections=3, timeout_ms=30000)
    program.wait_until(lambda: connected(sink, 3), "connections")
    agent.stop()
    program.process.kill()
    scene.expect({t.ended for t in given_up} == {"timeout"}, "the sink answered")
    spans = scene.own(agent.spans())
    clients = [s for s in spans if s.kind == otlp.CLIENT]
    scene.expect(len(clients) == 8, f"{len(clients)} client spans for 8 requests")
    bad = [s for s in spans if s.status != otlp.ERROR or not s.attributes.get("error.type")]
    scene.expect(not bad, f"no error: {[judge.describe(s) for s in bad[:3]]}")
    scene.figures["error.type"] = sorted({s.attributes.get("error.type", "") for s in spans})
    scene.check_ledger(agent)


def connected(port: int, count: int) -> bool:
    """So many connections to `port` are established, and their requests are on the way."""
    wanted = f"0100007F:{port:04X} 01"
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table]
    return sum(f"{row[2]} {row[3]}" == wanted for row in rows) >= count
