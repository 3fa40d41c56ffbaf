# SPDX-License-Identifier: Apache-2.0
"""Servers and clients of Go, Node and Java: what each runtime does with its sockets."""

import harness
import judge
import origins
from scenarios import scenario
from scenarios.servers import front

CONCURRENCY = 16


def client_of(scene: harness.Scene, command: list, verb: str, port: int, requests: int) -> list:
    """Runs a client that writes its own truth."""
    log = scene.folder / f"truth{scene.number()}.jsonl"
    scene.run(verb, [*command, verb, f"http://127.0.0.1:{port}", requests, CONCURRENCY,
                     scene.id_prefix(), log])
    return judge.read_truth(log)


def every_shape(scene: harness.Scene, port: int) -> list:
    """What an origin can be asked, from the load client."""
    return [
        *scene.load(port, requests=1000, rate=1000, connections=4),
        *scene.load(port, requests=100, rate=500, new_connection=True),
        *scene.load(port, requests=50, rate=500, method="HEAD"),
        *scene.load(port, "/chunked", requests=200, rate=500),
        *scene.load(port, "/big", requests=5),
        *scene.load(port, "/status/204", requests=50, rate=500),
        *scene.load(port, "/status/404", requests=50, rate=500),
        *scene.load(port, "/status/500", requests=50, rate=500),
        *scene.load(port, "/echo", requests=50, rate=500, method="POST", body_bytes=3000),
        *scene.load(port, "/echo", requests=50, rate=500, method="PUT", body_bytes=2500,
                    chunked_body=True),
        *scene.load(port, "/echo", requests=3, method="POST", body_bytes=5_000_000),
    ]


def both_ends(scene: harness.Scene, language: str, verbs: list, exe: str):
    port = origins.origin(scene, language)
    command = origins.origin_command(scene, language)
    agent = scene.agent()
    loaded = every_shape(scene, port)
    called = [t for verb in verbs for t in client_of(scene, command, verb, port, 600)]
    agent.stop()
    own_hop = judge.Hop("own client", port, client_exe=exe, server_exe=exe, sized=True)
    scene.judge_groups(agent, [(loaded, [front(port, exe)]), (called, [own_hop])])


@scenario
def go_both_ends(scene):
    both_ends(scene, "go", ["client"], "origin")


@scenario
def node_both_ends(scene):
    both_ends(scene, "node", ["client"], "node")


@scenario
def java_both_ends(scene):
    """java.net.http and HttpURLConnection against the JDK's own server."""
    both_ends(scene, "java", ["client", "urlclient"], "java")
