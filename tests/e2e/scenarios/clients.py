# SPDX-License-Identifier: Apache-2.0
"""Clients of other people: curl, wrk, Python's http.client and urllib."""

import collections
import http.client
import re
import urllib.request

import judge
import origins
import otlp
from scenarios import scenario


def hop(port: int, exe: str) -> judge.Hop:
    return judge.Hop("client", port, client_exe=exe, server_exe="nginx", sized=True)


def truth(request_id: str, path: str, status: int, size: int, method="GET") -> judge.Truth:
    return judge.Truth(request_id, method, path, 0, 0, status, 0, size)


@scenario
def curl_client(scene):
    """Reused and new connections; curl itself says status and size."""
    port = origins.nginx(scene)
    agent = scene.agent()
    prefix, truths = scene.id_prefix(), []
    for batch in range(10):
        paths = [f"/{'big/' if n == 0 else ''}r/{prefix}{batch}-{n}" for n in range(10)]
        argv = ["curl", "-sS"]
        for path in paths:
            argv += ["-o", "/dev/null", "-w", "%{http_code} %{size_download}\n",
                     f"http://127.0.0.1:{port}{path}"]
        lines = scene.run("curl", argv).output().split("\n")
        for path, line in zip(paths, lines):
            status, size = line.split()
            truths.append(truth(path.rsplit("/", 1)[1], path, int(status), int(size)))
    agent.stop()
    scene.judge(agent, truths, [hop(port, "curl")])


@scenario
def python_clients(scene):
    port = origins.nginx(scene)
    agent = scene.agent()
    prefix, truths = scene.id_prefix(), []
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for n in range(200):
        path = f"/r/{prefix}h{n}"
        connection.request("GET", path)
        reply = connection.getresponse()
        truths.append(truth(f"{prefix}h{n}", path, reply.status, len(reply.read())))
    connection.close()
    for n in range(50):
        path = f"/r/{prefix}u{n}"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as reply:
            truths.append(truth(f"{prefix}u{n}", path, reply.status, len(reply.read())))
    agent.stop()
    scene.judge(agent, truths, [hop(port, "")])


@scenario
def wrk_counts(scene):
    """wrk cannot make ids, so counts are compared: its own, client spans and server spans.

    wrk drops the requests that are in flight at its end: one a connection, more or less."""
    port = origins.nginx(scene)
    # Both cores are full: the agent may have to wait for its turn.
    agent = scene.agent("--ring-size=32MiB")
    connections = 64
    path = f"/r/{scene.token}"
    report = scene.run("wrk", ["wrk", "-t1", f"-c{connections}", "-d1s",
                               f"http://127.0.0.1:{port}{path}"]).output()
    count = int(re.search(r"(\d+) requests in", report)[1])
    agent.stop()
    spans = agent.spans()
    # Answers that wrk cut short when its time was over are errors.
    answered = [s for s in spans if s.attributes.get("http.response.status_code") == 200
                and s.status != otlp.ERROR]
    kinds = collections.Counter(s.kind for s in answered)
    scene.figures.update({"requests": count, "client": kinds[otlp.CLIENT],
                          "server": kinds[otlp.SERVER]})
    for kind in (otlp.CLIENT, otlp.SERVER):
        scene.expect(0.999 * count <= kinds[kind] <= count + connections,
                     f"{kinds[kind]} spans of kind {kind} for {count} requests")
    scene.expect(len({s.span_id for s in spans}) == len(spans), "a span id is used twice")
    parents = {s.span_id: s for s in spans if s.kind == otlp.CLIENT}
    wrong = [s for s in answered if s.kind == otlp.SERVER and s.parent_id not in parents]
    scene.expect(len(wrong) <= 0.001 * count, f"{len(wrong)} server spans have no client span")
    sizes = {s.attributes.get("http.response.body.size") for s in answered}
    scene.expect(sizes == {origins.SMALL}, f"body sizes are {sizes}")
    scene.check_ledger(agent)
