# SPDX-License-Identifier: Apache-2.0
"""A recording gives the same spans every time, and a damaged one those up to the damage."""

import harness
import judge
import origins
import otlp
from scenarios import scenario
from scenarios.servers import front


def record(scene: harness.Scene, port: int) -> tuple:
    """Records while traffic runs. Returns the recording and the truths."""
    path = scene.folder / "traffic.recording"
    program = scene.start("record", [scene.spanwire, "record", "-o", path, f"--port={port}"])
    program.wait_until(lambda: "spanwire: ready" in program.errors(), "ready line")
    truths = [
        *scene.load(port, requests=500, rate=1000, connections=4),
        *scene.load(port, requests=100, rate=500, new_connection=True),
        *scene.load(port, requests=200, pipeline=8),
        *scene.load(port, "/big", requests=2),
    ]
    program.process.terminate()
    code = program.wait(10)
    scene.expect(code == 0, f"record ended with {code}: {program.errors()[-500:]}")
    return path, truths


def replay(scene: harness.Scene, recording, good=True) -> tuple:
    """Returns the program and the file of spans."""
    spans = scene.folder / f"replayed{scene.number()}.jsonl"
    argv = [scene.spanwire, "replay", recording, f"--otlp-file={spans}", "--otlp-file-format=json"]
    if good:
        return scene.run("replay", argv), spans
    program = scene.start("replay", argv)
    program.wait(30)
    return program, spans


@scenario
def replayed_twice(scene):
    port = origins.nginx(scene)
    path, truths = record(scene, port)
    first, second = (replay(scene, path)[1] for _ in range(2))
    scene.expect(first.read_bytes() == second.read_bytes(), "two replays differ")
    verdict = judge.Judge(truths, [front(port, "nginx")]).judge(otlp.read_spans(first))
    scene.problems += verdict.problems()
    scene.figures.update({"recording bytes": path.stat().st_size, **verdict.figures})


@scenario
def damaged_recordings(scene):
    port = origins.nginx(scene)
    path, _ = record(scene, port)
    whole = otlp.read_spans(replay(scene, path)[1])
    data = path.read_bytes()
    counts = []
    for share in (0.999, 0.5, 0.1):
        cut = scene.folder / f"cut{share}.recording"
        cut.write_bytes(data[:int(len(data) * share)])
        program, spans = replay(scene, cut, good=False)
        said = program.errors().lower()
        scene.expect("truncated" in said or "damaged" in said, f"no clear message: {said[-300:]}")
        found = otlp.read_spans(spans)
        answered = [s for s in found if "http.response.status_code" in s.attributes]
        counts.append(len(answered))
        known = {s.span_id for s in whole}
        strange = [s for s in found if s.span_id not in known]
        scene.expect(not strange, f"{len(strange)} spans that the whole recording does not have")
    flipped = scene.folder / "flipped.recording"
    middle = len(data) // 2
    flipped.write_bytes(data[:middle] + bytes([data[middle] ^ 0xff]) + data[middle + 1:])
    program, spans = replay(scene, flipped, good=False)
    scene.expect(program.errors() != "" and len(otlp.read_spans(spans)) < len(whole),
                 "a flipped byte went unnoticed")
    empty = scene.write("empty.recording", "")
    code = replay(scene, empty, good=False)[0].process.returncode
    scene.expect(code != 0, "an empty file passed")
    scene.expect(counts == sorted(counts, reverse=True) and counts[0] > counts[2] > 0,
                 f"spans by share: {counts}")
    scene.figures["spans"] = [len(whole), *counts]
