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
    """bpftool fails when something else's object goes while it lists them: then it lists again."""
    for _ in range(20):
        result = subprocess.run(["bpftool", "--json", kind, "show"], capture_output=True,
                                text=True, check=False, timeout=30)
        if result.returncode == 0:
            return {(kind, entry["id"]) for entry in json.loads(result.stdout or "[]")}
    raise RuntimeError(f"bpftool {kind} show: {result.stdout[-200:]} {result.stderr[-200:]}")


def left_of(held: set, seconds: float = 5) -> set:
    """Which of `held` are still there after at most so long."""
    deadline = time.monotonic() + seconds
    while True:
        left = held & set().union(*(existing(kind) for kind in KINDS))
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)
