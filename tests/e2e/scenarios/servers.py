# SPDX-License-Identifier: Apache-2.0
"""One real server, every shape of ordinary traffic."""

import pathlib
import time

import judge
import ledger
import origins
from scenarios import scenario


def front(port: int, server: str, **options) -> judge.Hop:
    """The hop between the load client and the first server; its times are the load client's."""
    return judge.Hop("front", port, client_exe="load_client", server_exe=server,
                     **{"timed": True, "sized": True, **options})


def ordinary_load(scene, port: int) -> list:
    """Keep-alive, new connections, both address families, HEAD, HTTP/1.0, many connections."""
    return [
        *scene.load(port, requests=3000, rate=3000),
        *scene.load(port, requests=1000, rate=1500, new_connection=True),
        *scene.load(port, requests=200, rate=1000, method="HEAD"),
        *scene.load(port, requests=200, rate=1000, http10=True),
        *scene.load(port, requests=3000, rate=3000, connections=64),
        *scene.load(port, requests=200, rate=1000, fields="Connection: close"),
    ]


def big_load(scene, port: int) -> list:
    return [
        *scene.load(port, "/big", requests=20, think_us=1000),
        *scene.load(port, "/big", requests=8, connections=4, new_connection=True),
        *scene.load(port, "/big", requests=3, read_bytes=16384, read_pause_us=300),
    ]


def judge_server(scene, port: int, server: str, load):
    agent = scene.agent()
    truths = load(scene, port)
    agent.stop()
    scene.judge(agent, truths, [front(port, server)])


@scenario
def nginx_sendfile(scene):
    def load(scene, port):
        return ordinary_load(scene, port) + big_load(scene, port) + [
            *scene.load(f"[::1]:{port}", requests=300, rate=1000),
            *scene.load(f"[::1]:{port}", requests=100, rate=1000, new_connection=True)]
    judge_server(scene, origins.nginx(scene, sendfile="on"), "nginx", load)


@scenario
def nginx_writev(scene):
    def load(scene, port):
        statuses = [truth for status in (204, 304, 404, 500)
                    for truth in scene.load(port, f"/status/{status}", requests=100, rate=1000)]
        return statuses + big_load(scene, port) + scene.load(port, requests=2000, rate=2000,
                                                             connections=8)
    judge_server(scene, origins.nginx(scene, sendfile="off", workers=2), "nginx", load)


@scenario
def apache_event(scene):
    judge_server(scene, origins.apache(scene, "event"), "apache2",
                 lambda scene, port: ordinary_load(scene, port) + big_load(scene, port))


@scenario
def apache_prefork(scene):
    def load(scene, port):
        return [*scene.load(port, requests=1000, rate=2000),
                *scene.load(port, requests=500, rate=1000, new_connection=True),
                *scene.load(port, requests=1000, rate=2000, connections=8)]
    judge_server(scene, origins.apache(scene, "prefork"), "apache2", load)


@scenario
def several_shards(scene):
    """More connections than threads, as fast as they can; the ledger is exact while they run."""
    port = origins.nginx(scene, workers=2)
    agent = scene.agent("--shards=3", "--stats-interval=100ms")
    truths = scene.load(port, requests=300, rate=1000)
    _, finish = scene.start_load(port, requests=12000, rate=6000, connections=48)
    for _ in range(8):
        time.sleep(0.2)
        scene.problems += ledger.ledger_problems(agent.ledger(), finished=False)
    threads = len(list(pathlib.Path(f"/proc/{agent.worker_pid()}/task").iterdir()))
    scene.expect(threads >= 6, f"{threads} threads for 3 shards, their source and what follows")
    truths += finish()
    truths += scene.load(port, requests=500, rate=1500, new_connection=True)
    agent.stop()
    scene.judge(agent, truths, [front(port, "nginx")])
