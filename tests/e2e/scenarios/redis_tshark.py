# SPDX-License-Identifier: Apache-2.0
"""What spanwire and tshark read from the same packets of Redis must be the same."""

import collections
import re
import signal
import subprocess

import harness
import otlp
import redis_clients
from redis_wire import Connection
from scenarios import scenario
from scenarios.redis import RAW, load, server

# Batches of less than 4 KiB, which go-redis sends at once: tshark 4.0 loses its place where a
# segment ends between two words.
SHAPES = ((4, 1, 800), (4, 12, 1600))
SHOWN = 128  # bytes of a word that spanwire shows
FIRST = "the-first-word"  # of a connection that only shows that packets are captured
SECRET = (b"HELLO", b"AUTH")
PLAIN = re.compile(rb"[!#-&(-\[\]-~]+")


def quoted(word: bytes) -> str:
    """As spanwire, and redis-cli, write a word."""
    text = word[:SHOWN].decode("latin1")
    if not PLAIN.fullmatch(word[:SHOWN]):
        text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text + ("..." if len(word) > SHOWN else "")


def start_capture(scene: harness.Scene, port: int):
    path = scene.folder / "packets.pcap"
    capture = scene.start("tshark", ["tshark", "-q", "-i", "lo", "-B", "64", "-f",
                                     f"tcp port {port}", "-w", path])
    first = Connection(port)

    def captures() -> bool:
        first.ask("ECHO", FIRST)
        return path.exists() and FIRST.encode() in path.read_bytes()
    capture.wait_until(captures, "packets")
    return path, capture


def end_capture(scene: harness.Scene, port: int, path, capture):
    """Once a last word has reached the file."""
    word = scene.id_prefix() + "end"
    Connection(port).ask("ECHO", word)
    capture.wait_until(lambda: word.encode() in path.read_bytes(), "end of the packets")
    capture.process.send_signal(signal.SIGINT)
    capture.wait(20)


def dissect(path, port: int, shown: str, fields: list) -> list:
    argv = ["tshark", "-r", path, "-d", f"tcp.port=={port},resp", "-Y", shown, "-T", "fields",
            "-E", "occurrence=a", "-E", "aggregator=,"]
    for field in fields:
        argv += ["-e", field]
    done = subprocess.run([str(a) for a in argv], check=True, capture_output=True, text=True,
                          timeout=60)
    return [line.split("\t") for line in done.stdout.splitlines()]


def commands_in(path, port: int) -> dict:
    """{client's port: its commands in order}, each as text."""
    commands = collections.defaultdict(list)
    rows = dissect(path, port, f"resp.array && tcp.dstport == {port}",
                   ["tcp.srcport", "resp.array.length", "resp.bulk_string.value"])
    for source, lengths, values in rows:
        words = [bytes.fromhex(value) for value in values.split(",") if value]
        for length in map(int, lengths.split(",")):
            if len(words) < length:
                break  # goes on in the next packet, and is shown there as a whole
            name, *rest = words[:length]
            del words[:length]
            hidden = name.upper() in SECRET
            shown = ["?"] * len(rest) if hidden else map(quoted, rest)
            commands[int(source)].append(" ".join([name.decode(), *shown]))
    return commands


def errors_in(path, port: int) -> collections.Counter:
    """How often each client's port got an error with each prefix."""
    rows = dissect(path, port, f"resp.error && tcp.srcport == {port}",
                   ["tcp.dstport", "resp.error"])
    return collections.Counter((int(target), text.split(" ")[0])
                               for target, texts in rows for text in re.findall(
                                   r"(?:^|,)(?:[A-Z]+ [^,]*)", texts)
                               for text in [text.lstrip(",")])


def in_order(spans: list) -> dict:
    """{client's port: the texts of its CLIENT spans}; those of one packet began at once."""
    texts = collections.defaultdict(list)
    for span in sorted(spans, key=lambda s: s.start_ns):
        if span.kind == otlp.CLIENT:
            texts[span.attributes["network.local.port"]].append(
                (span.start_ns, span.attributes["db.query.text"]))
    return texts


def differences(expected: list, found: list) -> str:
    """Compares in order, but for spans that began at the same time."""
    if collections.Counter(expected) != collections.Counter(text for _, text in found):
        lacking = collections.Counter(expected) - collections.Counter(t for _, t in found)
        return f"{len(expected)} commands, {len(found)} spans, e.g. {list(lacking)[:2]}"
    starts = {}
    for start, text in found:
        starts.setdefault(text, start)
    times = [starts[text] for text in dict.fromkeys(expected)]
    return "" if times == sorted(times) else "in another order"


@scenario
def redis_tshark(scene):
    port = server(scene)
    path, capture = start_capture(scene, port)
    agent = scene.agent(RAW)
    for client, *more in ((redis_clients.python_client("sync"), 2),
                          (redis_clients.go_client(), 2)):
        for shape in SHAPES:
            load(scene, port, client, shape, *more)
    end_capture(scene, port, path, capture)
    agent.stop()
    spans = scene.own(agent.spans())
    expected, found = commands_in(path, port), in_order(spans)
    scene.expect(sum(map(len, expected.values())) > 3000, "tshark saw too little")
    for client_port, commands in expected.items():
        if f"ECHO {FIRST}" in commands:
            continue
        problem = differences(commands, found.pop(client_port, []))
        scene.expect(not problem, f"port {client_port}: {problem}")
    scene.expect(not found, f"tshark saw nothing of the ports {list(found)}")
    codes = collections.Counter(
        (s.attributes["network.local.port"], s.attributes["db.response.status_code"])
        for s in spans if s.kind == otlp.CLIENT and "db.response.status_code" in s.attributes)
    scene.expect(codes == errors_in(path, port), "the errors differ")
    scene.figures.update({"commands": sum(map(len, expected.values())),
                          "errors": sum(codes.values())})
