# SPDX-License-Identifier: Apache-2.0
"""Chains of servers: each request is a client and a server span at every hop."""

import judge
import origins
import otlp
from scenarios import scenario
from scenarios.servers import front

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"traceparent: 00-{TRACE}-{CALLER}-01"


def upstream(port: int, client: str, server: str = "") -> judge.Hop:
    """Behind the proxy: no clock of ours, but the sizes are still those of the contents."""
    return judge.Hop("upstream", port, client_exe=client, server_exe=server, sized=True)


def proxied_load(scene, port: int) -> list:
    return [
        *scene.load(port, requests=1500, rate=1500),
        *scene.load(port, requests=1500, rate=1500, connections=16),
        *scene.load(port, requests=300, rate=600, new_connection=True),
        *scene.load(port, "/status/404", requests=100, rate=500),
        *scene.load(port, "/status/500", requests=100, rate=500),
        *scene.load(port, "/big", requests=10, connections=2),
    ]


@scenario
def nginx_proxy_new_connections(scene):
    origin = origins.nginx(scene)
    proxy = origins.nginx_proxy(scene, f"127.0.0.1:{origin}")
    agent = scene.agent()
    truths = proxied_load(scene, proxy)
    agent.stop()
    scene.judge(agent, truths, [front(proxy, "nginx"), upstream(origin, "nginx", "nginx")])


@scenario
def nginx_proxy_keepalive(scene):
    origin = origins.origin(scene, "go")
    proxy = origins.nginx_proxy(scene, f"127.0.0.1:{origin}", keepalive=16)
    agent = scene.agent()
    truths = proxied_load(scene, proxy)
    truths += scene.load(proxy, "/echo", requests=20, method="POST", body_bytes=200_000)
    truths += scene.load(proxy, "/echo", requests=20, method="POST", body_bytes=5_000,
                         chunked_body=True)
    agent.stop()
    scene.judge(agent, truths, [front(proxy, "nginx"), upstream(origin, "nginx", "origin")])


@scenario
def haproxy_before_nginx(scene):
    origin = origins.nginx(scene)
    proxy = origins.haproxy(scene, origin)
    agent = scene.agent()
    truths = proxied_load(scene, proxy)
    agent.stop()
    scene.judge(agent, truths, [front(proxy, "haproxy"), upstream(origin, "haproxy", "nginx")])


@scenario
def gunicorn_over_unix(scene):
    """Pre-fork workers that accept from one listener. A UNIX socket has no port to filter by."""
    path = origins.gunicorn(scene)
    proxy = origins.nginx_proxy(scene, f"unix:{path}")
    agent = scene.agent("--comm=nginx,gunicorn,load_client,python3", ports=False)
    truths = [
        *scene.load(proxy, requests=600, rate=400),
        *scene.load(proxy, requests=600, rate=400, connections=8),
        *scene.load(proxy, "/chunked", requests=50, rate=200),
        *scene.load(proxy, "/big", requests=5),
        *scene.load(proxy, "/echo", requests=20, method="POST", body_bytes=100_000),
        *scene.load(proxy, "/status/404", requests=50, rate=200),
    ]
    agent.stop()
    scene.judge(agent, truths, [front(proxy, "nginx"), upstream(0, "nginx")])


@scenario
def unix_socket_client(scene):
    """Our own client straight at a UNIX socket."""
    path = origins.gunicorn(scene, workers=2)
    agent = scene.agent("--comm=gunicorn,load_client,python3", ports=False)
    truths = scene.load(f"unix:{path}", requests=400, rate=400)
    truths += scene.load(f"unix:{path}", "/big", requests=5)
    agent.stop()
    scene.judge(agent, truths, [front(0, "")])


@scenario
def traceparent_is_honoured(scene):
    """The caller's context goes through both hops unchanged: one trace, and each parent is who
    asked, not whom the passed on header names."""
    origin = origins.nginx(scene)
    proxy = origins.nginx_proxy(scene, f"127.0.0.1:{origin}")
    agent = scene.agent()
    truths = scene.load(proxy, requests=200, rate=1000, fields=TRACEPARENT + "|tracestate: a=b")
    agent.stop()
    hops = [front(proxy, "nginx", has_parent=True),
            judge.Hop("upstream", origin, client_exe="nginx", server_exe="nginx")]
    scene.judge(agent, truths, hops)
    spans = agent.spans()
    strangers = [s for s in spans if s.trace_id != TRACE]
    scene.expect(not strangers, f"{len(strangers)} of {len(spans)} spans are not in the trace")
    calls = [s for s in spans if s.kind == otlp.CLIENT]
    strays = [s for s in calls if s.server_port == proxy and s.parent_id != CALLER]
    scene.expect(not strays, f"{len(strays)} client spans are not children of the caller")
    linked = sum(bool(s.parent_id) for s in calls)
    scene.expect(linked == len(calls), f"{linked} of {len(calls)} client spans have a parent")
    scene.expect(all(s.trace_state == "a=b" for s in spans), "tracestate got lost")
