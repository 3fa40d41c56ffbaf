# SPDX-License-Identifier: Apache-2.0
"""Go: a goroutine per request; a pooled connection is written and read by two of its own."""

from shape import chain
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
