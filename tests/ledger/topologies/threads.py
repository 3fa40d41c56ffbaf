# SPDX-License-Identifier: Apache-2.0
"""One thread or process works on one request from its first byte to its last."""

import configured
from shape import Call, Shape, chain
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


@topology(THREADS)
def apache_prefork(stage):
    """A process per connection; each keeps a connection upstream."""
    leaf = stage.leaf()
    return chain(configured.apache_proxy(stage, leaf), leaf)


@topology(THREADS, short=False)
def apache_php(stage):
    leaf = stage.leaf()
    return chain(configured.apache_php(stage, leaf), leaf)


@topology(THREADS)
def php_fpm(stage):
    """FastCGI between nginx and PHP: what PHP asks is on behalf of nginx's request."""
    leaf = stage.leaf()
    front, pool = configured.php_fpm(stage, leaf)
    fastcgi = Call(pool, (Call(leaf),), client=False, server=False)
    return Shape(Call(front, (fastcgi,)))


@topology(THREADS)
def puma(stage):
    leaf, port = stage.leaf(), stage.port()
    stage.puma(port, UPSTREAM=leaf)
    return chain(port, leaf)


@topology(THREADS)
def java_pool(stage):
    """The JDK's server with a pool of 16; the thread of the request asks upstream."""
    leaf, port = stage.leaf(), stage.port()
    stage.java(port, "Ledger", "pool", port, leaf)
    return chain(port, leaf)


@topology(THREADS, short=False)
def gunicorn_redis(stage):
    store, port = configured.redis(stage), stage.port()
    stage.gunicorn(port, "wsgi_redis:application", "--workers", 8, UPSTREAM=store)
    return chain(port, store)
