# SPDX-License-Identifier: Apache-2.0
"""One thread works on many requests, as their sockets become ready."""

import configured
import origins
from shape import UNIX, chain
from topologies import LOOPS, topology


@topology(LOOPS)
def nginx_new(stage):
    """A connection upstream for each request."""
    leaf = stage.leaf()
    return chain(stage.nginx_proxy(leaf), leaf)


@topology(LOOPS)
def nginx_keepalive(stage):
    leaf = stage.leaf()
    return chain(stage.nginx_proxy(leaf, keepalive=256), leaf)


@topology(LOOPS)
def node_unlimited(stage):
    leaf, port = stage.leaf(), stage.port()
    stage.node(port, "proxy.mjs", port, leaf, 0)
    return chain(port, leaf)


@topology(LOOPS)
def node_limited(stage):
    """Eight sockets: requests wait in the agent's queue, off every socket."""
    leaf, port = stage.leaf(), stage.port()
    stage.node(port, "proxy.mjs", port, leaf, 8)
    return chain(port, leaf)


@topology(LOOPS)
def aiohttp_unlimited(stage):
    leaf, port = stage.leaf(), stage.port()
    stage.python(port, "aiohttp_call.py", port, leaf, 0)
    return chain(port, leaf)


@topology(LOOPS)
def aiohttp_limited(stage):
    leaf, port = stage.leaf(), stage.port()
    stage.python(port, "aiohttp_call.py", port, leaf, 8)
    return chain(port, leaf)


@topology(LOOPS)
def haproxy_new(stage):
    """A connection upstream for each request, two threads."""
    leaf = stage.leaf()
    return chain(configured.haproxy(stage, leaf, "option http-server-close"), leaf)


@topology(LOOPS)
def haproxy_reuse(stage):
    leaf = stage.leaf()
    return chain(configured.haproxy(stage, leaf, "http-reuse always"), leaf)


def fastapi(stage, loop: str):
    leaf, port = stage.leaf(), stage.port()
    stage.python_module(port, "uvicorn", "--app-dir", stage.PYTHON, "--port", port, "--loop", loop,
                        "--http", "httptools", "--log-level", "warning", "--backlog", 1024,
                        "fastapi_call:app", UPSTREAM=leaf)
    return chain(port, leaf)


@topology(LOOPS, short=False)
def fastapi_asyncio(stage):
    return fastapi(stage, "asyncio")


@topology(LOOPS)
def fastapi_uvloop(stage):
    return fastapi(stage, "uvloop")


@topology(LOOPS)
def aiohttp_redis(stage):
    """Redis is the callee; its clients share a pool."""
    store, port = configured.redis(stage), stage.port()
    stage.python(port, "aiohttp_redis.py", port, store)
    return chain(port, store)


@topology(LOOPS)
def nginx_unix(stage):
    """A UNIX socket between nginx and gunicorn: no ports, no sequence numbers."""
    leaf, path = stage.leaf(), stage.folder / "app.sock"
    stage.gunicorn_unix(path, "wsgi_call:application", "--workers", 8, UPSTREAM=leaf)
    front = origins.nginx_proxy(stage, f"unix:{path}")
    stage.comms = ["load_client", "nginx", "python3", "gunicorn", "ledger_go"]
    return chain(front, UNIX, leaf)
