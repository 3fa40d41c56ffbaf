# SPDX-License-Identifier: Apache-2.0
"""Shapes of bytes on the wire: pipelining, slow ends, single bytes, interim answers, tunnels."""

import socket
import time

import judge
import origins
from scenarios import losses, scenario
from scenarios.servers import front

OTHER_BYTES = bytes(range(256)) * 8  # what passes a tunnel is no HTTP


@scenario
def pipelining(scene):
    port = origins.nginx(scene)
    agent = scene.agent()
    truths = [truth for depth in (2, 16, 64)
              for truth in scene.load(port, requests=2000, pipeline=depth)]
    agent.stop()
    scene.judge(agent, truths, [front(port, "nginx")])


@scenario
def pipelining_now_and_then(scene):
    """Mostly one request at a time, and more when the client has fallen behind its schedule."""
    port = origins.nginx(scene)
    agent = scene.agent()
    truths = scene.load(port, requests=4000, pipeline=16, connections=8, rate=4000)
    agent.stop()
    scene.judge(agent, truths, [front(port, "nginx")])


@scenario
def pipelining_big(scene):
    """Heads lie anywhere within megabytes: what is not captured is said to be lost, and nothing is
    paired wrongly."""
    port = origins.nginx(scene)
    agent = scene.agent()
    truths = scene.load(port, "/big", requests=8, pipeline=4)
    agent.stop()
    rules = judge.Rules(tolerates=losses.end_unknown)
    scene.judge(agent, truths, [front(port, "nginx", timed=False)], rules)


def mixed(scene, *where) -> list:
    log = scene.folder / f"truth{scene.number()}.jsonl"
    scene.run("call_mix", [scene.build / "bin/call_mix", scene.id_prefix(), log, *where])
    return judge.read_truth(log)


@scenario
def every_socket_call(scene):
    """Each way to send with each way to receive, over IPv4 and IPv6; sockets that are handed on."""
    port = scene.port()
    agent = scene.agent()
    truths = mixed(scene, port)
    agent.stop()
    hop = judge.Hop("mix", port, client_exe="call_mix", server_exe="call_mix", timed=True,
                    sized=True)
    scene.judge(agent, truths, [hop], judge.Rules(recall=1))


@scenario
def every_socket_call_unix(scene):
    """The same over UNIX sockets, but for splice out of one, which no hook sees."""
    agent = scene.agent("--comm=call_mix", ports=False)
    truths = mixed(scene, 0, scene.folder / "mix.sock")
    agent.stop()
    hop = judge.Hop("mix", 0, client_exe="call_mix", server_exe="call_mix", timed=True, sized=True)
    scene.judge(agent, truths, [hop], judge.Rules(recall=1))


@scenario
def slow_ends(scene):
    """Readers that take their time and writers of single bytes, on both sides."""
    port, raw = origins.nginx(scene), origins.python_raw(scene)
    agent = scene.agent()
    at_nginx = [
        *scene.load(port, requests=20, write_bytes=1, write_pause_us=50),
        *scene.load(port, requests=20, read_bytes=1),
        *scene.load(port, requests=20, connections=5, write_bytes=7, write_pause_us=1000),
        *scene.load(port, "/big", requests=2, read_bytes=8192, read_pause_us=500),
        *scene.load(port, requests=10, write_bytes=1, write_pause_us=100, read_bytes=1,
                    read_pause_us=100),
    ]
    at_raw = [
        *scene.load(raw, "/tiny", requests=20),
        *scene.load(raw, "/tiny", requests=5, write_bytes=1, read_bytes=1),
        *scene.load(raw, "/echo", requests=5, method="POST", body_bytes=20_000, write_bytes=100),
    ]
    uploads = scene.load(raw, "/echo", requests=3, method="POST", body_bytes=5_000_000)
    agent.stop()
    scene.judge_groups(agent, [(at_nginx, [front(port, "nginx")]), (at_raw, [front(raw, "")]),
                               (uploads, [front(raw, "")])])


def upload(port: int, request_id: str) -> judge.Truth:
    """5 MB in a single call, which takes as long as the server takes to read nearly all of them."""
    path, size = f"/slow/r/{request_id}", 5_000_000
    request = (f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {size}\r\n\r\n".encode()
               + b"u" * size)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        local = connection.getsockname()[1]
        start = time.monotonic_ns()
        if connection.send(request) != len(request):
            raise AssertionError("the call did not take all of it")
        answer = b""
        while not answer.endswith(b"hello"):
            answer += connection.recv(4096)
        end = time.monotonic_ns()
    return judge.Truth(
        id=request_id, method="POST", path=path, start_ns=start, end_ns=end, status=200,
        request_body=size, response_body=5, local_port=local,
        wall_minus_monotonic_ns=time.time_ns() - time.monotonic_ns())


@scenario
def one_call_of_megabytes(scene):
    """Seen when it ends, but begun when it began: the client's span encloses its server's."""
    raw = origins.python_raw(scene)
    agent = scene.agent()
    prefix = scene.id_prefix()
    truths = [upload(raw, f"{prefix}{n}") for n in range(5)]
    agent.stop()
    hop = judge.Hop("upload", raw, timed=True, sized=True)
    scene.judge(agent, truths, [hop], judge.Rules(late_share=0))


@scenario
def unusual_answers(scene):
    """Interim answers, content up to the connection's end, answers before the request ended."""
    raw = origins.python_raw(scene)
    agent = scene.agent()
    truths = [
        *scene.load(raw, "/interim", requests=100, rate=500),
        *scene.load(raw, "/eof", requests=50, rate=200),
        *scene.load(raw, "/wait", requests=50, rate=500, method="POST", body_bytes=3000,
                    expect_continue=True),
        *scene.load(raw, "/any", requests=50, rate=500, method="PROPFIND"),
    ]
    # While the agent does not know that this connection's answers are early, the next head may lie
    # behind more content than it captures.
    early = scene.load(raw, "/early", requests=50, rate=200, method="POST", body_bytes=30_000)
    agent.stop()
    for truth in truths:
        truth.method = "_OTHER" if truth.method == "PROPFIND" else truth.method
    scene.judge_groups(agent, [(truths, [front(raw, "")]),
                               (early, [front(raw, "")], judge.Rules(recall=0.9))])


def upgrade(port: int, request_id: str) -> judge.Truth:
    """One upgrade and some bytes through the tunnel."""
    path = f"/upgrade/r/{request_id}"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        local = connection.getsockname()[1]
        start = time.monotonic_ns()
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\n"
                           f"Upgrade: echo\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.recv(4096)
        end = time.monotonic_ns()
        for _ in range(5):
            connection.sendall(OTHER_BYTES)
            got = 0
            while got < len(OTHER_BYTES):
                got += len(connection.recv(65536))
    return judge.Truth(
        request_id, "GET", path, start, end, int(head.split()[1]), 0, 0, local_port=local,
        wall_minus_monotonic_ns=time.time_ns() - time.monotonic_ns())


@scenario
def upgraded_connections(scene):
    """A span for the handshake; what follows is another protocol and only counted."""
    raw = origins.python_raw(scene)
    agent = scene.agent()
    prefix = scene.id_prefix()
    truths = [upgrade(raw, f"{prefix}{n}") for n in range(30)]
    agent.stop()
    scene.judge(agent, truths, [judge.Hop("tunnel", raw, timed=True, sized=True)])
    scene.expect(all(t.status == 101 for t in truths), "the server did not upgrade")
