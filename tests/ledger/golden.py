#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden links: recordings of the topologies, and the parents that a replay of each gives.

  golden.py [--build DIR] [TOPOLOGY...]   replays data/TOPOLOGY.recording.gz, compares the parents
                                          with data/TOPOLOGY.links and the truth: none is wrong
  golden.py --update [TOPOLOGY...]        writes what replay gives now; git diff shows the change
  golden.py --record TOPOLOGY...          records anew; needs root
"""

import argparse
import dataclasses
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import assessor  # noqa: E402
import otlp  # noqa: E402
import shape as shapes  # noqa: E402
import topologies  # noqa: E402
from judge import Truth  # noqa: E402
from stage import Cell, Stage  # noqa: E402

DATA = HERE / "data"
CELLS = (Cell(1, True, 12), Cell(8, True, 48), Cell(8, False, 16))
KINDS = {otlp.CLIENT: "CLIENT", otlp.SERVER: "SERVER"}


def record(topology: topologies.Topology, build: pathlib.Path):
    with Stage(topology.name, build) as stage:
        shape = topology.start(stage)
        recorder, truths = stage.record(), []
        for cell in CELLS:
            stage.next_prefix()
            truths += stage.drive(shape, cell)
        recorder.end()
        write(f"{topology.name}.recording.gz", stage.recording.read_bytes())
        expected = [shapes.expected_spans(t.id, shape.call(shapes.number_of(t.id))) for t in truths]
        text = "".join(json.dumps([dataclasses.astuple(e) for e in one]) + "\n" for one in expected)
        write(f"{topology.name}.truth.gz", text.encode())


def write(name: str, content: bytes):
    """The same bytes for the same content."""
    (DATA / name).write_bytes(gzip.compress(content, mtime=0))


def read(name: str) -> bytes:
    return gzip.decompress((DATA / name).read_bytes())


def read_truth(name: str) -> list:
    """For each request the spans that there must be."""
    lines = read(f"{name}.truth.gz").splitlines()
    return [[shapes.Expected(tuple(key), tuple(parent), *rest)
             for key, parent, *rest in json.loads(line)] for line in lines]


def replay(name: str, build: pathlib.Path) -> list:
    with tempfile.TemporaryDirectory() as folder:
        recording = pathlib.Path(folder) / "recording"
        recording.write_bytes(read(f"{name}.recording.gz"))
        spans = pathlib.Path(folder) / "spans.jsonl"
        subprocess.run([build / "spanwire", "replay", recording, f"--otlp-file={spans}",
                        "--otlp-file-format=json", *Stage.replay_flags], check=True, timeout=60,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        return otlp.read_spans(spans)


def link_line(judge: assessor.Assessor, wanted: shapes.Expected) -> str:
    """right|wrong|none, the span, and how its parent was found or why it has none."""
    request_id, port, kind = wanted.key
    span = next(iter(judge.by_key.get(wanted.key, [])), None)
    if span is None:
        return f"none {request_id} {port} {KINDS[kind]}: no span"
    said = [str(span.attributes[f"spanwire.link.{key}"]) for key in
            ("method", "confidence", "reason") if f"spanwire.link.{key}" in span.attributes]
    return f"{judge.answer(wanted, span)} {request_id} {port} {KINDS[kind]}: {' '.join(said)}"


def links(name: str, build: pathlib.Path) -> list:
    truth = read_truth(name)
    root = Truth("", "GET", "", 0, 0, 200, 0, 0)
    judge = assessor.Assessor(shapes.chain(0), [root], replay(name, build))
    return [link_line(judge, wanted) for request in truth for wanted in request]


def compare(name: str, build: pathlib.Path, update: bool) -> bool:
    found, path = links(name, build), DATA / f"{name}.links"
    wrong = [line for line in found if line.startswith(assessor.WRONG)]
    if update:
        path.write_text("\n".join(found) + "\n")
    golden = path.read_text().splitlines()
    changed = [f"{old} -> {new}" for old, new in zip(golden, found) if old != new]
    print(f"{'FAIL' if wrong or changed else 'ok  '} {name}: {len(found)} spans, "
          f"{sum(line.startswith(assessor.RIGHT) for line in found)} right")
    for line in (wrong + changed)[:10]:
        print(f"     {line}")
    return not wrong and not changed and len(golden) == len(found)


def main() -> int:
    known = topologies.load_all()
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("topology", nargs="*")
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parents[1] / "build/release")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    there = sorted(path.name.removesuffix(".truth.gz") for path in DATA.glob("*.truth.gz"))
    names = options.topology or there
    Stage.show_statements(options.build.resolve() / "spanwire")
    if options.record:
        DATA.mkdir(exist_ok=True)
        for name in names:
            record(known[name], options.build.resolve())
    update = options.record or options.update or os.environ.get("SPANWIRE_UPDATE_GOLDEN") == "1"
    results = [compare(name, options.build.resolve(), update) for name in names]
    print(f"{sum(results)} of {len(results)} recordings give the same links")
    return 0 if all(results) and results else 1


if __name__ == "__main__":
    sys.exit(main())
