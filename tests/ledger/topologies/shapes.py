# SPDX-License-Identifier: Apache-2.0
"""Requests that cause something else than one call, and calls that no request causes."""

from shape import Call, Shape, chain
from topologies import SHAPES, topology


@topology(SHAPES)
def three_hops(stage):
    """nginx, Go, Node."""
    leaf, node, go = stage.leaf(), stage.port(), stage.port()
    stage.node(node, "proxy.mjs", node, leaf, 0)
    stage.go(go, "reverse", go, f"http://127.0.0.1:{node}", "pooled")
    return chain(stage.nginx_proxy(go, keepalive=256), go, node, leaf)


def fan_of_eight(port: int, leaf: int) -> Shape:
    return Shape(Call(port, tuple(Call(leaf, suffix=str(n)) for n in range(8))))


@topology(SHAPES, most=64)
def fan_out_go(stage):
    leaf, port = stage.leaf(), stage.port()
    stage.go(port, "fan", port, f"http://127.0.0.1:{leaf}")
    return fan_of_eight(port, leaf)


@topology(SHAPES, short=False, most=64)
def fan_out_asyncio(stage):
    leaf, port = stage.leaf(), stage.port()
    stage.python(port, "gather_call.py", port, leaf)
    return fan_of_eight(port, leaf)


@topology(SHAPES)
def retry(stage):
    """The first call fails, the second is answered."""
    leaf, port = stage.leaf(), stage.port()
    stage.gunicorn(port, "retry_call:application", "--workers", 8, UPSTREAM=leaf)
    return Shape(Call(port, (Call(leaf, suffix="f"), Call(leaf, suffix="t"))))


@topology(SHAPES)
def background(stage):
    """The server also asks upstream by itself."""
    leaf, port = stage.leaf(), stage.port()
    stage.go(port, "background", port, f"http://127.0.0.1:{leaf}",
             LEDGER_BACKGROUND=stage.background_prefix)
    return Shape(Call(port, (Call(leaf),)), background_port=leaf)


@topology(SHAPES)
def outlives(stage):
    """The reply goes out first, the call that the request caused after it."""
    leaf, port = stage.leaf(), stage.port()
    stage.go(port, "later", port, f"http://127.0.0.1:{leaf}")
    return chain(port, leaf)


@topology(SHAPES, short=False)
def cron(stage):
    """A program that asks the leaf again and again, next to a chain that does so for requests."""
    leaf = stage.leaf()
    front = stage.nginx_proxy(leaf, keepalive=256)
    stage.cron(leaf, "/r/", stage.background_prefix)
    return Shape(Call(front, (Call(leaf),)), background_port=leaf)


@topology(SHAPES, short=False)
def health_checks(stage):
    """Somebody asks for /health all the time; that request causes no call."""
    leaf, port = stage.leaf(), stage.port()
    stage.go(port, "health", port, f"http://127.0.0.1:{leaf}")
    stage.cron(port, "/health", "-")
    return chain(port, leaf)
