# SPDX-License-Identifier: Apache-2.0
"""One thread or process works on one request from its first byte to its last."""

from shape import chain
from topologies import THREADS, topology


@topology(THREADS)
def gunicorn_sync(stage):
    """Pre-forked workers, a new connection upstream for every call."""
    leaf, port = stage.leaf(), stage.port()
    stage.gunicorn(port, "wsgi_call:application", "--workers", 8, UPSTREAM=leaf)
    return chain(port, leaf)


@topology(THREADS)
def gunicorn_threads(stage):
    """Threads that keep a connection upstream each."""
    leaf, port = stage.leaf(), stage.port()
    stage.gunicorn(port, "wsgi_call:application", "--worker-class", "gthread", "--workers", 2,
                   "--threads", 16, UPSTREAM=leaf, KEEP=1)
    return chain(port, leaf)
