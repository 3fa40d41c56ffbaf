# SPDX-License-Identifier: Apache-2.0
"""What a topology is started with: the scene of the end-to-end tests, and the runtimes."""

import dataclasses
import json
import pathlib
import subprocess

import harness
import install
import origins
import shape as shapes

SERVERS = pathlib.Path(__file__).parent / "servers"


@dataclasses.dataclass(frozen=True)
class Cell:
    """One load: how many connections at a time, and whether they live longer than a request."""
    connections: int
    keep_alive: bool
    requests: int


class Stage(harness.Scene):
    """One topology. Each runtime's verb starts a program and returns when it accepts on `port`."""
    PYTHON = SERVERS / "python"
    replay_flags = []  # of every replay: what it shows as the daemon does

    def __init__(self, name: str, build: pathlib.Path):
        super().__init__(name, build)
        self.token = "l" + self.token.rsplit("-", 1)[1]
        self.cells, self.comms = 0, []

    @property
    def background_prefix(self) -> str:
        """What the ids of calls begin with that a program makes by itself; it adds "bg" and a
        number."""
        return f"{self.token}z0n"

    # --- programs

    def serve(self, port: int, name: str, argv: list, **environment):
        env = {key: str(value) for key, value in environment.items()}
        self.start(name, argv, env=env).wait_port(port)

    def leaf(self) -> int:
        """The end of a chain: answers after a few milliseconds, which its id determines."""
        port = self.port()
        self.go(port, "leaf", port)
        return port

    def go(self, port: int, *args, **environment):
        self.serve(port, "ledger_go", [install.go(), *args], **environment)

    def python(self, port: int, script: str, *args, **environment):
        self.serve(port, "python", [install.python(), self.PYTHON / script, *args],
                   PYTHONDONTWRITEBYTECODE=1, **environment)

    def python_module(self, port: int, module: str, *args, **environment):
        self.serve(port, module, [install.python(), "-m", module, *args],
                   PYTHONDONTWRITEBYTECODE=1, **environment)

    def cron(self, upstream: int, path: str, prefix: str):
        """A client that nobody asks. It ends with the stage."""
        self.start("cron", [install.python(), self.PYTHON / "cron.py", upstream, path, prefix])

    def puma(self, port: int, **environment):
        self.serve(port, "puma", ["puma", "--bind", f"tcp://127.0.0.1:{port}", "--threads", "16:16",
                                  "--environment", "production", "--quiet",
                                  SERVERS / "ruby/config.ru"], **environment)

    def gunicorn(self, port: int, *options, **environment):
        self.python_module(port, "gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-tmp-dir",
                           self.folder, "--chdir", self.PYTHON, *options, **environment)

    def gunicorn_unix(self, path: pathlib.Path, *options, **environment):
        program = self.start("gunicorn", [
            install.python(), "-m", "gunicorn", "--bind", f"unix:{path}", "--worker-tmp-dir",
            self.folder, "--chdir", self.PYTHON, *options],
            env={"PYTHONDONTWRITEBYTECODE": "1"} | {k: str(v) for k, v in environment.items()})
        program.wait_until(path.exists, "socket")

    def node(self, port: int, script: str, *args):
        self.serve(port, "node", ["node", SERVERS / "node" / script, *args])

    def java(self, port: int, name: str, *args, classpath: str = "", newest: bool = False):
        command = install.java(name, classpath)
        if newest:
            command[0] = install.newest_java()
        self.serve(port, "java", [*command, *args])

    def cpp(self, port: int, program: str, *args):
        self.serve(port, program, [self.build / "bin" / program, *args])

    def rust(self, port: int, *args):
        self.serve(port, "ledger_rust", [install.rust(), *args])

    def nginx_proxy(self, upstream: int, **options) -> int:
        return origins.nginx_proxy(self, f"127.0.0.1:{upstream}", **options)

    # --- agent and driver

    @classmethod
    def show_statements(cls, spanwire: pathlib.Path):
        """The ids are keys and names of columns: the agent shall show them."""
        told = subprocess.run([spanwire, "help", "daemon"], check=True, capture_output=True,
                              text=True, timeout=10).stdout
        if "--db-query-text" in told:
            cls.replay_flags = ["--db-query-text=raw"]
            cls.extra_flags = [*cls.extra_flags, *cls.replay_flags]

    def trace(self, *flags) -> harness.Agent:
        """The daemon. UNIX sockets have no port to filter by: their processes are named then."""
        if self.comms:
            return self.agent("--comm=" + ",".join(self.comms), *flags, ports=False)
        return self.agent(*flags)

    def record(self) -> harness.programs.Program:
        """A recording besides: it replays to the same spans."""
        where = (["--comm=" + ",".join(self.comms)] if self.comms else
                 ["--port=" + ",".join(str(p) for p in sorted(self.ports))])
        program = self.start("record", [self.spanwire, "record", "-o", self.recording, *where])
        program.wait_until(lambda: "ready" in program.errors(), "ready line")
        return program

    @property
    def recording(self) -> pathlib.Path:
        return self.folder / "recording.spanwire"

    def own_spans(self, spans: list) -> list:
        """Without what the rest of the host does."""
        return [s for s in spans
                if shapes.id_of(s).startswith(self.token) or s.server_port in self.ports]

    def next_prefix(self) -> str:
        self.cells += 1
        return f"{self.token}z{self.cells}n"

    def id_prefix(self) -> str:
        return f"{self.token}z{self.cells}n"

    def drive(self, shape: shapes.Shape, cell: Cell) -> list:
        """Sends the cell's requests, as fast as answers come. Returns what the driver saw."""
        options = {"requests": cell.requests, "connections": cell.connections,
                   "timeout_ms": 20_000}
        if not cell.keep_alive:
            options |= {"new_connection": True, "fields": "Connection: close"}
        return self.load(shape.entry.port, shape.path, seconds=120, **options)

    def write_truth(self, shape: shapes.Shape, truths: list):
        """Next to the driver's own log, with the spans that each request must have."""
        with open(self.folder / "truth.jsonl", "a", encoding="utf-8") as file:
            for truth in truths:
                call = shape.call(shapes.number_of(truth.id))
                hops = shapes.expected_spans(truth.id, call)
                entry = dataclasses.asdict(truth) | {"hops": [h.key for h in hops]}
                file.write(json.dumps(entry) + "\n")
