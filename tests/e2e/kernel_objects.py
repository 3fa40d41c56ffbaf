# SPDX-License-Identifier: Apache-2.0
"""What an agent has in the kernel, and whether it is gone."""

import json
import pathlib
import re
import subprocess
import time

KINDS = ("prog", "map", "link")


def held_by(pid: int) -> set:
    """(kind, id) of the BPF objects that a process holds open."""
    found = set()
    for info in pathlib.Path(f"/proc/{pid}/fdinfo").glob("*"):
        try:
            text = info.read_text()
        except OSError:
            continue
        for kind in KINDS:
            match = re.search(rf"^{kind}_id:\s*(\d+)", text, re.MULTILINE)
            if match:
                found.add((kind, int(match[1])))
    return found


def existing(kind: str) -> set:
    result = subprocess.run(["bpftool", "--json", kind, "show"], capture_output=True, text=True,
                            check=True, timeout=30)
    return {(kind, entry["id"]) for entry in json.loads(result.stdout or "[]")}


def left_of(held: set, seconds: float = 5) -> set:
    """Which of `held` are still there after at most so long."""
    deadline = time.monotonic() + seconds
    while True:
        left = held & set().union(*(existing(kind) for kind in KINDS))
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)
