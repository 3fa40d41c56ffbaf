# SPDX-License-Identifier: Apache-2.0
"""The topologies: a function each, which starts its servers on a stage and returns their shape."""

import dataclasses
import importlib
import pathlib
from typing import Callable

# How the applications hand work on, and the share of in-process parents that shall be right.
THREADS, LOOPS, GOROUTINES = "threads", "loops", "goroutines"
HANDOVERS, SHAPES = "hand-overs", "shapes"
GOALS = {THREADS: 0.999, LOOPS: 0.99, GOROUTINES: 0.99, HANDOVERS: 0.95, SHAPES: 0.99}

TOPOLOGIES = {}


@dataclasses.dataclass(frozen=True)
class Topology:
    name: str
    group: str
    start: Callable  # stage -> Shape
    short: bool  # whether the short form has it
    most: int  # connections that its servers are made for


def topology(group: str, short: bool = True, most: int = 256):
    """Registers a function as a topology under its own name."""
    def register(start: Callable) -> Callable:
        name = start.__name__
        TOPOLOGIES[name] = Topology(name, group, start, short, most)
        return start
    return register


def load_all() -> dict:
    folder = pathlib.Path(__file__).parent
    for name in ("threads", "loops", "goroutines", "handovers", "shapes"):
        if (folder / f"{name}.py").exists():
            importlib.import_module(f"topologies.{name}")
    return TOPOLOGIES
