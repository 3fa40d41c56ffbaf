# SPDX-License-Identifier: Apache-2.0
"""What a topology looks like: which calls one request of the driver causes, and in which order of
blame. From it follows every span there must be, and its parent."""

import dataclasses
import re
from typing import Callable

import otlp

# The id of a request, as hops hand it on: "l4f0c2az1n17", and with a part for each call that shall
# be told from its siblings: "l4f0c2az1n17_a_2". Fit for paths, keys and SQL names.
ID = re.compile(r"\bl[0-9a-f]{6}z\d+n(?:bg)?\d+(?:_[a-z0-9]+)*")
BACKGROUND = re.compile(r"nbg\d+")
UNIX = 0  # the port of what has none
ROOT, INNER, HOP = "root", "inner", "hop"  # the edge above a span


@dataclasses.dataclass(frozen=True)
class Call:
    """One call: who listens, and what the callee calls on its behalf."""
    port: int
    calls: tuple = ()
    suffix: str = ""  # what the caller adds to the id that it got
    client: bool = True  # whether the caller's span is expected; what is opaque is passed over
    server: bool = True
    several: bool = False  # one statement may take more than one exchange (prepare, execute)


@dataclasses.dataclass(frozen=True)
class Expected:
    """A span that there must be. `key` and `parent` are (id, port, kind)."""
    key: tuple
    parent: tuple  # () for a root
    edge: str
    several: bool = False
    one_process: bool = False  # the parent is a span of the same process


@dataclasses.dataclass(frozen=True)
class Shape:
    """A started topology. `tree` is given when not every request causes the same calls: the call
    that the driver makes, by the number of the request."""
    entry: Call
    tree: Callable = None
    background_port: int = -1  # where calls go that no request caused; their ids say "bg"
    path: str = ""  # before "/r/ID"

    def call(self, number: int) -> Call:
        return self.tree(number) if self.tree else self.entry


def chain(*ports: int) -> Shape:
    """Each calls the next, once, with the id that it got."""
    call = None
    for port in reversed(ports):
        call = Call(port, (call,) if call else ())
    return Shape(call)


def expected_spans(request_id: str, call: Call, above: tuple = (),
                   opaque: bool = False) -> list:
    """The spans of a call and of all that it causes. `above`: the nearest span that is expected on
    the way up."""
    request_id += f"_{call.suffix}" if call.suffix else ""
    found, adjacent = [], above[2:] == (otlp.SERVER,) and not opaque
    for kind, wanted in ((otlp.CLIENT, call.client), (otlp.SERVER, call.server)):
        if not wanted:
            continue
        key = (request_id, call.port, kind)
        edge = ROOT if not above else INNER if kind == otlp.CLIENT else HOP
        found.append(Expected(key, above, edge, call.several, edge == INNER and adjacent))
        above = key
    for inner in call.calls:
        found += expected_spans(request_id, inner, above, not call.server)
    return found


def number_of(request_id: str) -> int:
    return int(re.search(r"n(\d+)", request_id)[1])


def id_of(span: otlp.Span) -> str:
    """The id that the span's own words carry, or ''."""
    for key in ("url.full", "url.path", "db.query.text"):
        match = ID.search(str(span.attributes.get(key, "")))
        if match:
            return match[0]
    return ""
