#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The ledger on Debian's kernels in QEMU: the topologies whose servers are small enough to boot.

  vm.py [--build DIR] [KERNEL...]     by default 6.1 and 6.12
"""

import argparse
import pathlib
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e"), str(HERE.parent / "vm")]

import assessor  # noqa: E402
import image  # noqa: E402
import install  # noqa: E402
import judge  # noqa: E402
import machine  # noqa: E402
import otlp  # noqa: E402
import shape as shapes  # noqa: E402
import table  # noqa: E402
import topologies  # noqa: E402
from stage import Cell  # noqa: E402

LEAF = 9000
PORTS = {"nginx_new": 9001, "nginx_keepalive": 9002, "go_reverse_pooled": 9003,
         "go_reverse_unpooled": 9004, "cpp_queue": 9005}  # as guest/ledger.sh starts them
LOADS = ((1, 50), (16, 250))  # connections, requests
HOP_RIGHT = 0.999


def prefix(port: int, connections: int) -> str:
    return f"l000000z{port}{connections}n"


def build_image(work: pathlib.Path, build: pathlib.Path) -> pathlib.Path:
    binaries = [build / "spanwire", build / "bin/load_client", build / "bin/ledger_queue",
                install.go()]
    return image.build(work, binaries, {
        "command.sh": (HERE / "guest/ledger.sh").read_text(),
        "etc/ledger-nginx.conf": (HERE / "guest/nginx.conf").read_text()})


def boot(series: str, initrd: pathlib.Path, work: pathlib.Path) -> machine.Outcome:
    loads = ",".join(f"{port}:{connections}:{requests}:{prefix(port, connections)}"
                     for port in PORTS.values() for connections, requests in LOADS)
    variables = {"SCENARIO": "exec", "LOADS": loads}
    return machine.boot(machine.Machine(series, initrd), work, variables)


def assess(files: dict, work: pathlib.Path) -> dict:
    """{topology: its outcome}, from what the guest sent home."""
    for name, content in files.items():
        if name.startswith("ledger/"):
            (work / name.removeprefix("ledger/")).write_bytes(content)
    spans, found = otlp.read_spans(work / "spans.jsonl"), {}
    for name, port in PORTS.items():
        found[name] = []
        for connections, requests in LOADS:
            start = prefix(port, connections)
            truths = judge.read_truth(work / start)
            one = assessor.Assessor(shapes.chain(port, LEAF), truths, spans)
            found[name].append((Cell(connections, True, requests), one.assess(start)))
            if len(truths) != requests:
                raise AssertionError(f"{name}: {len(truths)} of {requests} requests were made")
    return found


def problems_of(name: str, cells: list) -> list:
    total = table.summary(cells)
    found = [f"{edge}: {total.edges[edge][assessor.WRONG]} parents are wrong"
             for edge in total.edges if total.share(edge, assessor.WRONG) > table.WRONG_LIMIT]
    for what, share in (("hop right", total.share(shapes.HOP, assessor.RIGHT)),
                        ("recall", total.recall()), ("precision", total.precision())):
        if share < HOP_RIGHT:
            found.append(f"{what}: {table.percent(share)} %")
    return [f"{name}: {text}" for text in found + (total.examples if found else [])]


def run(series: str, initrd: pathlib.Path, work: pathlib.Path) -> tuple:
    """The table's rows for one kernel, and what was wrong."""
    outcome = boot(series, initrd, work)
    if not outcome.finished or outcome.text("status").strip() != "0":
        return [], [f"{series}: the scenario failed: {outcome.text('output')[-2000:]}",
                    *outcome.console.splitlines()[-30:]]
    tier = re.search(r"ready.*", outcome.text("output"))
    print(f"{series}: {tier[0] if tier else ''}", file=sys.stderr)
    cells = assess(outcome.files, work)
    known = topologies.load_all()
    rows = [table.row(f"{name}, Linux {series}", known[name].group, found)
            for name, found in cells.items()]
    return rows, outcome.complaints + [text for name, found in cells.items()
                                       for text in problems_of(f"{series}, {name}", found)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parents[1] / "build/release")
    parser.add_argument("kernel", nargs="*", default=["6.1", "6.12"])
    options = parser.parse_args()
    rows, problems = [table.header()], []
    with tempfile.TemporaryDirectory(prefix="spanwire-ledger-") as folder:
        work = pathlib.Path(folder)
        initrd = build_image(work, options.build.resolve())
        for series in options.kernel:
            mine = work / series
            mine.mkdir()
            found, wrong = run(series, initrd, mine)
            rows += found
            problems += wrong
    print("\n".join(table.lines(rows)))
    for problem in problems:
        print(f"FAIL {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
