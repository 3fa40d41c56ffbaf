#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden tests: small recordings of real traffic and the spans that they give.

  run.py [--build DIR] [NAME...]            replays data/NAME.recording, compares with data/NAME.txt
  run.py --update [NAME...]                 writes what replay gives now (also when the environment
                                            has SPANWIRE_UPDATE_GOLDEN=1); git diff shows the change
  run.py --record NAME                      records anew; needs root

The text has a block a span, in the order of the export, or for tree_* a line a span, under its
parent. What depends on the host that replays or on the version (host.name, telemetry.*) is left
out. Several shards have to write the same as one.
"""

import argparse
import difflib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
DATA = TOP / "tests/golden/data"
sys.path.insert(0, str(TOP / "tests/e2e"))

import otlp  # noqa: E402

KINDS = {1: "INTERNAL", otlp.SERVER: "SERVER", otlp.CLIENT: "CLIENT"}
STATES = {0: "unset", 1: "ok", otlp.ERROR: "error"}
SHOWN_LINES = 60
SHARDS = (2, 4, 8)


def render(span: otlp.Span) -> str:
    lines = [f"{KINDS[span.kind]} {span.name} {STATES[span.status]}",
             f"  trace {span.trace_id} span {span.span_id} parent {span.parent_id or '-'}",
             f"  from {span.start_ns} for {span.duration_ns} ns"]
    if span.trace_state:
        lines.append(f"  tracestate {span.trace_state}")
    lines += [f"  {key} = {value}" for key, value in sorted(span.attributes.items())]
    lines += [f"  resource {key} = {value}" for key, value in sorted(span.resource.items())
              if key != "host.name" and not key.startswith("telemetry.")]
    return "\n".join(lines) + "\n"


def tree_line(span: otlp.Span, depth: int) -> str:
    said = [span.attributes.get(f"spanwire.link.{key}") for key in ("method", "confidence")]
    reason = span.attributes.get("spanwire.link.reason")
    parts = ["  " * depth + KINDS[span.kind], span.resource.get("service.name"), span.url, *said,
             f"({reason})" if reason else None]
    return " ".join(str(part) for part in parts if part is not None)


def render_trees(spans: list) -> str:
    """A line a span, children under their parents, in the order in which they began."""
    below, known, lines = {}, {span.span_id for span in spans}, []
    for span in sorted(spans, key=lambda s: (s.start_ns, s.span_id)):
        below.setdefault(span.parent_id if span.parent_id in known else "", []).append(span)

    def add(span: otlp.Span, depth: int, trace: str):
        if span.trace_id != trace:
            raise AssertionError(f"span {span.span_id} is in another trace than its parent")
        lines.append(tree_line(span, depth))
        for child in below.get(span.span_id, []):
            add(child, depth + 1, trace)

    for root in below.get("", []):
        add(root, 0, root.trace_id)
    return "\n".join(lines) + "\n"


def replay(build: pathlib.Path, recording: pathlib.Path, shards: int, spans: pathlib.Path) -> bytes:
    """The file of spans that a replay with so many shards writes."""
    subprocess.run([build / "spanwire", "replay", recording, f"--otlp-file={spans}",
                    "--otlp-file-format=json", f"--shards={shards}"], check=True, timeout=60,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return spans.read_bytes()


def same_with_shards(build: pathlib.Path, name: str, folder: pathlib.Path, alone: bytes) -> bool:
    """Several shards write the same file, byte for byte."""
    other = [shards for shards in SHARDS
             if replay(build, DATA / f"{name}.recording", shards, folder / f"{shards}") != alone]
    for shards in other:
        print(f"FAIL {name}: {shards} shards write another file than one")
    return not other


def to_text(name: str, spans: list) -> str:
    if name in PROXIES:
        return render_trees(spans)
    return "\n".join(render(span) for span in spans)


def compare(name: str, expected: str, found: str) -> bool:
    if expected == found:
        print(f"ok   {name} {found.count('SERVER ') + found.count('CLIENT ')} spans")
        return True
    diff = list(difflib.unified_diff(expected.splitlines(), found.splitlines(), f"{name} expected",
                                     f"{name} replayed", lineterm=""))
    print("\n".join(diff[:SHOWN_LINES]))
    print(f"FAIL {name}: {len(diff)} lines of difference")
    return False


def check(build: pathlib.Path, name: str, update: bool) -> bool:
    text = DATA / f"{name}.txt"
    with tempfile.TemporaryDirectory() as folder:
        spans = pathlib.Path(folder) / "spans.jsonl"
        alone = replay(build, DATA / f"{name}.recording", 1, spans)
        found = to_text(name, otlp.read_spans(spans))
        same = same_with_shards(build, name, pathlib.Path(folder), alone)
    if update:
        text.write_text(found)
    return compare(name, text.read_text() if text.exists() else "", found) and same


# --- recording


def plain(scene, port: int, raw: int):
    """Keep-alive, pipelining, statuses, HEAD."""
    scene.load(port, requests=3)
    scene.load(port, requests=4, pipeline=4)
    scene.load(port, "/status/404", requests=1)
    scene.load(port, requests=1, method="HEAD", fields="User-Agent: golden/1.0")


def odd(scene, port: int, raw: int):
    """Answers that are cut, interim, early or no HTTP; an upgrade."""
    for path in ("/interim", "/eof", "/reset", "/half", "/close", "/junk"):
        scene.load(raw, path, requests=1)
    scene.load(raw, "/early", requests=1, method="POST", body_bytes=600)
    scene.load(raw, "/echo", requests=1, method="PUT", body_bytes=1200, chunked_body=True)


def contexts(scene, port: int, raw: int):
    """traceparent, and secrets in the query."""
    context = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01|tracestate: a=b"
    scene.load(port, requests=2, fields=context)
    scene.load(port, "/login?token=hunter2&user=7", requests=1)


def through(scene, port: int, raw: int):
    """Twelve requests, some at a time."""
    scene.load(port, requests=2)
    scene.load(port, requests=10, connections=4)


def nginx_new(scene, upstream: int) -> int:
    """An event loop with a new connection upstream for each request."""
    import origins
    return origins.nginx_proxy(scene, f"127.0.0.1:{upstream}")


def nginx_kept(scene, upstream: int) -> int:
    """The same, with connections that are kept."""
    import origins
    return origins.nginx_proxy(scene, f"127.0.0.1:{upstream}", keepalive=8)


def node(scene, upstream: int) -> int:
    """An event loop that takes as many connections as it needs."""
    port = scene.port()
    shutil.copy(TOP / "tests/ledger/servers/node/proxy.mjs", scene.folder)
    scene.start("node", ["node", scene.folder / "proxy.mjs", port, upstream, 0]).wait_port(port)
    return port


def threads(scene, upstream: int) -> int:
    """Processes that serve a request each, and ask upstream themselves."""
    port = scene.port()
    shutil.copy(TOP / "tests/ledger/servers/python/wsgi_call.py", scene.folder)
    scene.start("gunicorn", [
        "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", 4, "--worker-tmp-dir",
        scene.folder, "--chdir", scene.folder, "wsgi_call:application"],
        env={"PYTHONDONTWRITEBYTECODE": "1", "UPSTREAM": str(upstream)}).wait_port(port)
    return port


def redis_server(scene) -> int:
    port = scene.port()
    scene.start("redis", ["redis-server", "--port", port, "--save", "", "--bind", "127.0.0.1"],
                cwd=scene.folder).wait_port(port)
    return port


def redis(scene, port: int, raw: int):
    """Single commands, RESP3, and a pipeline: errors, a transaction, databases, a wait."""
    from redis_wire import encode
    for words in ("SET k v", "LPUSH k v", "BLPOP none 0.05", "-3 HGETALL h", "-n 2 INCR n",
                  "EVALSHA nope 0", "CONFIG GET maxmemory", "AUTH hunter2"):
        scene.start("cli", ["redis-cli", "-p", port, *words.split()]).process.wait(10)
    script = ("SELECT 1", "INCR n", "MULTI", "INCR n", "GET n", "EXEC", "LPUSH n v", "GET n")
    commands = scene.write("commands", b"".join(encode(line.split()) for line in script).decode())
    with open(commands, "rb") as stdin:
        scene.start("cli", ["redis-cli", "-p", port, "--pipe"], stdin=stdin).process.wait(10)


TRAFFIC = {"plain": plain, "odd": odd, "contexts": contexts, "redis": redis}
STORES = {"redis": redis_server}
# What stands between the client and nginx. Their texts show trees, not spans.
PROXIES = {"tree_nginx_new": nginx_new, "tree_nginx_kept": nginx_kept, "tree_node": node,
           "tree_threads": threads}


def record(build: pathlib.Path, name: str):
    """Everything runs from the scene's folder, so that no path of this machine gets recorded."""
    import harness
    import origins
    harness.Scene.id_prefix = lambda scene: f"golden-{scene.number()}-"
    with harness.Scene("golden", build) as scene:
        (scene.folder / "bin").mkdir()
        shutil.copy(build / "bin/load_client", scene.folder / "bin")
        shutil.copy(harness.SERVERS / "raw.py", scene.folder)
        port, raw = origins.nginx(scene), scene.port()
        scene.start("raw", ["/usr/bin/python3", scene.folder / "raw.py", raw,
                            "peek"]).wait_port(raw)
        ports = [port, raw]
        if name in PROXIES:
            port = PROXIES[name](scene, port)
            ports.append(port)
        if name in STORES:
            port = STORES[name](scene)
            ports = [port]
        recorder = scene.start("record", [
            build / "spanwire", "record", "-o", DATA / f"{name}.recording",
            "--port=" + ",".join(map(str, ports))])
        recorder.wait_until(lambda: "spanwire: ready" in recorder.errors(), "ready line")
        scene.build = scene.folder
        TRAFFIC.get(name, through)(scene, port, raw)
        recorder.process.terminate()
        if recorder.wait(10) != 0:
            raise AssertionError(recorder.errors())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=TOP / "build/release")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--record", choices=sorted(TRAFFIC | PROXIES))
    parser.add_argument("name", nargs="*")
    options = parser.parse_args()
    if options.record:
        record(options.build.resolve(), options.record)
        return 0
    names = options.name or sorted(p.stem for p in DATA.glob("*.recording"))
    update = options.update or os.environ.get("SPANWIRE_UPDATE_GOLDEN") == "1"
    results = [check(options.build.resolve(), name, update) for name in names]
    if not results:
        print("there are no recordings")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
