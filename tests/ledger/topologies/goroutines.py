# SPDX-License-Identifier: Apache-2.0
"""Go: a goroutine per request; a pooled connection is written and read by two of its own."""

import configured
from shape import Call, Shape, chain
from topologies import GOROUTINES, topology


def go_chain(stage, verb: str, option: str):
    leaf, port = stage.leaf(), stage.port()
    stage.go(port, verb, port, f"http://127.0.0.1:{leaf}", option)
    return chain(port, leaf)


@topology(GOROUTINES)
def go_reverse_pooled(stage):
    return go_chain(stage, "reverse", "pooled")


@topology(GOROUTINES)
def go_reverse_unpooled(stage):
    return go_chain(stage, "reverse", "unpooled")


@topology(GOROUTINES)
def go_client_pooled(stage):
    return go_chain(stage, "call", "pooled")


@topology(GOROUTINES)
def go_client_unpooled(stage):
    return go_chain(stage, "call", "unpooled")


@topology(GOROUTINES)
def go_pgx(stage):
    """database/sql, a pool of 32; a statement is prepared and then executed."""
    store, port = configured.postgres(stage), stage.port()
    stage.go(port, "postgres", port, f"postgres://postgres@127.0.0.1:{store}/postgres")
    return Shape(Call(port, (Call(store, several=True),)))


@topology(GOROUTINES)
def go_redis(stage):
    store, port = configured.redis(stage), stage.port()
    stage.go(port, "redis", port, f"127.0.0.1:{store}")
    return chain(port, store)
