# SPDX-License-Identifier: Apache-2.0
"""One thread works on many requests, as their sockets become ready."""

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
