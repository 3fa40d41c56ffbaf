# SPDX-License-Identifier: Apache-2.0
"""One thread reads the request, another asks upstream."""

import pathlib

from shape import chain
from topologies import HANDOVERS, topology


def java(stage, verb: str, **options):
    leaf, port = stage.leaf(), stage.port()
    stage.java(port, "Ledger", verb, port, leaf, **options)
    return chain(port, leaf)


@topology(HANDOVERS)
def java_executor(stage):
    """The server's pool, a second pool, a client that blocks."""
    return java(stage, "executor")


@topology(HANDOVERS)
def java_httpclient(stage):
    """The server's pool, a second pool, java.net.http: its selector thread does the I/O."""
    return java(stage, "httpclient")


@topology(HANDOVERS)
def java_virtual(stage):
    """A virtual thread per request."""
    return java(stage, "virtual", newest=True)


@topology(HANDOVERS, short=False)
def java_netty(stage):
    """Four event loops; the pool's connections belong to any of them."""
    leaf, port = stage.leaf(), stage.port()
    jars = pathlib.Path("/usr/share/java").glob("netty-*.jar")
    stage.java(port, "NettyLedger", port, leaf, classpath=":".join(map(str, jars)))
    return chain(port, leaf)


@topology(HANDOVERS)
def python_executor(stage):
    """asyncio, and a pool of threads for what blocks."""
    leaf, port = stage.leaf(), stage.port()
    stage.python(port, "executor_call.py", port, leaf)
    return chain(port, leaf)


@topology(HANDOVERS)
def gunicorn_gevent(stage):
    """A greenlet per request, one thread."""
    leaf, port = stage.leaf(), stage.port()
    stage.gunicorn(port, "wsgi_call:application", "--worker-class", "gevent", UPSTREAM=leaf)
    return chain(port, leaf)


@topology(HANDOVERS)
def node_workers(stage):
    leaf, port = stage.leaf(), stage.port()
    stage.node(port, "worker.mjs", port, leaf)
    return chain(port, leaf)


@topology(HANDOVERS)
def cpp_queue(stage):
    """Two readers, sixteen workers, one queue."""
    leaf, port = stage.leaf(), stage.port()
    stage.cpp(port, "ledger_queue", port, leaf, 2, 16)
    return chain(port, leaf)


@topology(HANDOVERS, short=False)
def rust_hyper(stage):
    """Tokio's work-stealing threads."""
    leaf, port = stage.leaf(), stage.port()
    stage.rust(port, port, leaf)
    return chain(port, leaf)
