# SPDX-License-Identifier: Apache-2.0
"""One thread works on many requests, as their sockets become ready."""

import configured
from shape import chain
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
