# SPDX-License-Identifier: Apache-2.0
"""What a scenario works with: a folder, programs, the agent, load, and the judge at the end."""

import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import tempfile
import time

import conventions
import judge
import ledger
import otlp
import programs

TOP = pathlib.Path(__file__).resolve().parents[2]
SERVERS = TOP / "tests/e2e/servers"
SETTLE_SECONDS = 0.05  # lets a server leave the call that delivered the last byte


class Agent:
    """A running `spanwire daemon`, or another verb that stays."""

    def __init__(self, program: programs.Program, spans: pathlib.Path, stats: pathlib.Path):
        self.program, self.spans_path, self.stats_path = program, spans, stats
        self.ready_ns = self.stop_ns = 0
        self.stopped = False

    def wait_ready(self):
        self.program.wait_until(
            lambda: any(line.startswith("spanwire: ready")
                        for line in self.program.errors().splitlines()), "ready line")
        self.ready_ns = time.monotonic_ns()

    def stop(self) -> int:
        """SIGTERM, and a clean end within ten seconds. Returns how long it took, in ns."""
        time.sleep(SETTLE_SECONDS)
        self.program.check_alive()
        self.stop_ns = time.monotonic_ns()
        os.kill(self.program.pid, signal.SIGTERM)
        code = self.program.wait(10)
        if code != 0:
            raise AssertionError(f"the agent ended with {code}: {self.program.errors()[-2000:]}")
        self.stopped = True
        return time.monotonic_ns() - self.stop_ns

    def spans(self) -> list:
        return otlp.read_spans(self.spans_path)

    def ledger(self) -> list:
        return ledger.read_ledger(self.stats_path)

    def worker_pid(self) -> int:
        """The keeper's only child; 0 while there is none."""
        pid = self.program.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(children[0]) if children else 0

    def rss_bytes(self) -> int:
        """Of keeper and worker."""
        pages = [int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
                 for pid in (self.program.pid, self.worker_pid()) if pid]
        return sum(pages) * os.sysconf("SC_PAGE_SIZE")

    def lived_through(self, truth: judge.Truth) -> bool:
        """The request lies inside the agent's life as a whole."""
        return self.ready_ns < truth.start_ns and truth.end_ns < self.stop_ns


class Scene:
    """One scenario. Leaving it ends every program and removes the folder."""
    extra_flags = []  # of every daemon, from the command line: --tier=3

    def __init__(self, name: str, build: pathlib.Path):
        self.name, self.build = name, build
        self.token = f"{name}-{secrets.token_hex(3)}"
        self.watchdog = programs.Watchdog()
        self.running, self.ports, self.figures, self.problems = [], set(), {}, []
        self.count = 0

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"spanwire_{self.name}_"))
        self.folder.chmod(0o755)  # servers that drop root read from here
        return self

    def __exit__(self, kind, error, trace):
        for program in reversed(self.running):
            program.end()
        if kind is None and not self.problems:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            keep = self.build / "e2e_failed" / self.name
            shutil.rmtree(keep, ignore_errors=True)
            shutil.copytree(self.folder, keep, ignore=skip_special, dirs_exist_ok=True)
            shutil.rmtree(self.folder, ignore_errors=True)
            print(f"  files kept in {keep}")

    # --- programs

    def number(self) -> int:
        self.count += 1
        return self.count

    def port(self) -> int:
        port = programs.free_port()
        while port in self.ports:
            port = programs.free_port()
        self.ports.add(port)
        return port

    def start(self, name: str, argv: list, **options) -> programs.Program:
        program = programs.Program(self.watchdog, f"{self.number():02}_{name}", argv, self.folder,
                                   **options)
        self.running.append(program)
        return program

    def run(self, name: str, argv: list, seconds: float = 60, **options) -> programs.Program:
        """Runs to the end, which must be a good one."""
        program = self.start(name, argv, **options)
        code = program.wait(seconds)
        if code != 0:
            raise AssertionError(f"{name} ended with {code}: {program.errors()[-2000:]}"
                                 f"{program.output()[-500:]}")
        return program

    def write(self, name: str, text: str) -> pathlib.Path:
        path = self.folder / name
        path.write_text(text)
        return path

    # --- the agent

    build_binary = "spanwire"  # another one for tests that are about another one

    @property
    def spanwire(self) -> pathlib.Path:
        return self.build / self.build_binary

    def agent(self, *flags, ports=True) -> Agent:
        """Starts the daemon and waits until it is ready. `ports`: only this scenario's ports."""
        number = self.number()
        spans, stats = self.folder / f"spans{number}.jsonl", self.folder / f"stats{number}.json"
        argv = [self.spanwire, "daemon", f"--otlp-file={spans}", "--otlp-file-format=json",
                f"--stats-file={stats}", *flags, *self.extra_flags]
        if ports and self.ports:
            argv.append("--port=" + ",".join(str(p) for p in sorted(self.ports)))
        agent = Agent(self.start("agent", argv), spans, stats)
        agent.wait_ready()
        return agent

    # --- load

    def id_prefix(self) -> str:
        return f"{self.token}-{self.number()}-"

    def load_argv(self, target, path: str, log: pathlib.Path, options: dict) -> list:
        where = target if isinstance(target, str) else f"127.0.0.1:{target}"
        # First in the queue for a CPU: its clock shall be read right after its calls.
        argv = ["nice", "-n", "-15", self.build / "bin/load_client", f"--target={where}",
                f"--log={log}", f"--path={path}/r/{{id}}", f"--id_prefix={self.id_prefix()}"]
        return argv + [f"--{key}={str(value).lower() if isinstance(value, bool) else value}"
                       for key, value in options.items()]

    def load(self, target, path: str = "", seconds: float = 60, **options) -> list:
        """Runs the load client against a port or "unix:PATH". Returns its truths."""
        log = self.folder / f"truth{self.number()}.jsonl"
        self.run("load", self.load_argv(target, path, log, options), seconds)
        truths = judge.read_truth(log)
        for truth in truths:
            truth.request_chunked = bool(options.get("chunked_body"))
            truth.response_chunked = path.startswith(("/chunked", "/eof"))
        return truths

    def start_load(self, target, path: str = "", **options):
        """The same in the background. Returns the program and a function that waits for truths."""
        log = self.folder / f"truth{self.number()}.jsonl"
        hold = {"stdin": subprocess.PIPE} if "hold_after" in options else {}
        program = self.start("load", self.load_argv(target, path, log, options), **hold)
        if hold:
            program.wait_until(lambda: "held" in program.output(), "hold")

        def finish(seconds: float = 60) -> list:
            if program.wait(seconds) != 0:
                raise AssertionError(f"load client: {program.errors()}")
            return judge.read_truth(log)
        return program, finish

    # --- judgement

    def own(self, spans: list) -> list:
        """Without what the rest of the host does while we look at all of it."""
        return [s for s in spans
                if s.request_id.startswith(self.token) or (s.server_port in self.ports)]

    def judge(self, agents, truths: list, hops: list, rules: judge.Rules = None):
        """Judges spans and ledgers of one agent or several that followed each other."""
        agents = agents if isinstance(agents, list) else [agents]
        spans = [s for agent in agents for s in self.own(agent.spans())]
        verdict = judge.Judge(truths, hops, rules).judge(spans)
        self.problems += verdict.problems() + conventions.convention_problems(spans)
        self.figures.update({"requests": len(truths), "spans": len(spans), **verdict.figures})
        for agent in agents:
            self.check_ledger(agent)

    def judge_groups(self, agent: Agent, groups: list):
        """For requests that pass different hops: `groups` are (truths, hops[, rules])."""
        spans = self.own(agent.spans())
        self.problems += conventions.convention_problems(spans)
        self.check_ledger(agent)
        for truths, *how in groups:
            ids = {t.id for t in truths}
            verdict = judge.Judge(truths, *how).judge([s for s in spans if s.request_id in ids])
            spans = [s for s in spans if s.request_id not in ids]
            self.problems += verdict.problems()
            self.figures.update(verdict.figures)
        if spans:
            self.problems.append(f"spurious spans: {len(spans)}, e.g. {judge.describe(spans[0])}")

    def check_ledger(self, agent: Agent) -> list:
        stages = agent.ledger()
        self.problems += ledger.ledger_problems(stages, agent.stopped)
        lost = ledger.reasons(stages)
        if lost:
            self.figures["dropped"] = lost
        return stages

    def expect(self, condition: bool, problem: str):
        if not condition:
            self.problems.append(problem)


def skip_special(folder: str, names: list) -> list:
    """Sockets and FIFOs cannot be copied; big files are not worth it."""
    paths = [pathlib.Path(folder) / n for n in names]
    return [p.name for p in paths
            if not (p.is_dir() or (p.is_file() and p.stat().st_size < 64 << 20))]
