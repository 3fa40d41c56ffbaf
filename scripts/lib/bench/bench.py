#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The figures of the README: measures them on this machine and prints them as one table.

  bench.py BUILD_DIR [MEASURE...]

Throughput comes from interleaved pairs (without, with, with, without), so that a noisy machine
disturbs both sides alike; instructions come from QEMU and do not depend on the machine.
"""

import argparse
import csv
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import hosts
import spans

TOP = pathlib.Path(__file__).resolve().parents[3]
CLIENT_AND_SERVER = 2


class Bench:
    """The measures by name. Each returns table rows (what, figure, goal) and adds raw CSV rows."""

    def __init__(self, options, folder: pathlib.Path):
        self.options = options
        # A copy: a build that goes on meanwhile does not change what is measured.
        self.binary = pathlib.Path(shutil.copy(options.build / "spanwire", folder))
        self.folder = folder
        self.raw = []

    def note(self, measure: str, **values) -> None:
        self.raw += [(measure, key, value) for key, value in values.items()]

    def load(self, nginx: hosts.Nginx) -> dict:
        """One slice of wrk: its rate, and the CPU of client and server per request."""
        before = nginx.cpu_s()
        requests, used = hosts.wrk(self.options.seconds)
        used += nginx.cpu_s() - before
        return {"requests": requests, "rate": requests / self.options.seconds,
                "us": used / requests * 1e6}

    def slice_off(self, nginx: hosts.Nginx) -> dict:
        result = self.load(nginx)
        self.note("throughput", off_rate=result["rate"], off_us=result["us"])
        return result

    def slice_on(self, nginx: hosts.Nginx) -> dict:
        """The same with spanwire: also its own CPU, and how much it recorded."""
        with hosts.Agent(self.binary, self.folder) as agent:
            before = agent.cpu_s()
            result = self.load(nginx)
            time.sleep(0.5)
            result["agent_us"] = (agent.cpu_s() - before) / result["requests"] * 1e6
            agent.finish()
        result["recorded"] = spans.count(agent.spans) / CLIENT_AND_SERVER / result["requests"]
        self.note("throughput", on_rate=result["rate"], on_us=result["us"],
                  agent_us=result["agent_us"], recorded=result["recorded"])
        return result

    def throughput(self) -> list:
        pairs = []
        with hosts.Nginx(self.folder, workers=2) as nginx:
            hosts.wrk(self.options.seconds)
            for _ in range(self.options.pairs):
                off = self.slice_off(nginx)
                pairs += [(off, self.slice_on(nginx)), (None, self.slice_on(nginx))]
                pairs[-1] = (self.slice_off(nginx), pairs[-1][1])
        kept = [on["rate"] / off["rate"] for off, on in pairs]
        by_cpu = [off["us"] / (on["us"] + on["agent_us"]) for off, on in pairs]
        agent = statistics.median(on["agent_us"] for _, on in pairs)
        least = min(on["recorded"] for _, on in pairs)
        rate = statistics.median(on["rate"] for _, on in pairs)
        return [("throughput kept, nginx + wrk -t1 -c16, 1 KB, both cores full",
                 f"{statistics.median(kept):.1%} ({len(kept)} pairs, {min(kept):.1%} to "
                 f"{max(kept):.1%}; {rate / 1000:.0f} k requests/s traced)", "≥ 85 %"),
                ("the same by CPU time per request, agent included",
                 f"{statistics.median(by_cpu):.1%} ({min(by_cpu):.1%} to {max(by_cpu):.1%})",
                 "≥ 85 %"),
                ("requests recorded as client and server span, the worst slice",
                 f"{min(least, 1):.3%}", "100 %"),
                ("agent CPU per request in that run", f"{agent:.2f} µs", "≤ 3 µs")]

    def instructions(self) -> list:
        result = subprocess.run(
            [sys.executable, str(TOP / "tests/vm/icount.py"), "--binary", str(self.binary),
             *self.options.kernels], check=True, capture_output=True, text=True)
        rows = []
        for line in csv.DictReader(result.stdout.splitlines()):
            self.note("instructions", **{f"{line['kernel']}/{key}": value
                                         for key, value in line.items()})
            rows.append((f"kernel instructions per request, all hooks, Linux {line['kernel']}",
                         f"{line['hook_insns']} (a request is {line['plain_insns']})", "≤ 4,000"))
        return rows

    def record(self, seconds: int) -> tuple:
        """A recording of wrk's requests; returns it and how many requests it holds."""
        file = self.folder / "bench.rec"
        with hosts.Nginx(self.folder, workers=2):
            with hosts.Program([str(self.binary), "record", "-o", str(file)],
                               stderr=subprocess.DEVNULL) as recorder:
                time.sleep(2)
                requests, _ = hosts.wrk(seconds)
                recorder.stop()
        return file, requests

    def replay_command(self, file: pathlib.Path, shards: int) -> list:
        return [str(self.binary), "replay", str(file), "--otlp-file=/dev/null",
                "--otlp-file-format=proto", f"--shards={shards}"]

    def replay(self) -> list:
        file, requests = self.record(self.options.seconds)
        rates = []
        for _ in range(5):
            _, used = hosts.timed(self.replay_command(file, shards=1))
            rates.append(requests / used)
        self.note("replay", requests=requests, best=max(rates), median=statistics.median(rates))
        file.unlink()
        return [("replay, per second of CPU", f"{statistics.median(rates) / 1000:.0f} k requests/s",
                 "≥ 300 k")]

    def shards(self) -> list:
        """How much sooner several shards are done, and what they cost. Interleaved runs."""
        file, _ = self.record(self.options.seconds)
        counts = (1, 2, 4)
        wall, cpu = {n: [] for n in counts}, {n: [] for n in counts}
        for _ in range(5 * self.options.pairs):
            for n in counts:
                begin = time.monotonic()
                _, used = hosts.timed(self.replay_command(file, shards=n))
                wall[n].append(time.monotonic() - begin)
                cpu[n].append(used)
        file.unlink()
        rows = []
        for n in counts[1:]:
            sooner = [one / many for one, many in zip(wall[1], wall[n])]
            dearer = [many / one for one, many in zip(cpu[1], cpu[n])]
            self.note("shards", **{f"speed_{n}": statistics.median(sooner),
                                   f"cpu_{n}": statistics.median(dearer)})
            rows.append((f"replay with {n} shards against 1, on {os.cpu_count()} processors",
                         f"{statistics.median(sooner):.2f} × as fast ({min(sooner):.2f} to "
                         f"{max(sooner):.2f}), {statistics.median(dearer):.2f} × the CPU", ""))
        return rows

    def memory(self) -> list:
        with hosts.Nginx(self.folder, workers=2):
            ready = []
            for _ in range(5):
                with hosts.Agent(self.binary, self.folder) as agent:
                    ready.append(agent.ready_s)
                    time.sleep(1)
                    idle = agent.memory_mib()
                    agent.finish()
            with hosts.Agent(self.binary, self.folder) as agent:
                with hosts.Connections(10000):
                    time.sleep(2)
                    many = agent.memory_mib()
                agent.finish()
        self.note("memory", idle_mib=idle, connections_mib=many, ready_s=max(ready))
        return [("RSS idle", f"{idle:.0f} MiB", "≤ 40 MiB"),
                ("RSS with 10,000 open connections", f"{many:.0f} MiB", "≤ 128 MiB"),
                ("start to ready, slowest of 5", f"{max(ready) * 1000:.0f} ms", "< 1 s")]

    def cost_with(self, connections: int) -> float:
        """Agent CPU per request in µs while so many other connections are open."""
        with hosts.Agent(self.binary, self.folder) as agent, hosts.Connections(connections):
            time.sleep(1)
            before = agent.cpu_s()
            requests, _ = hosts.wrk(self.options.seconds)
            time.sleep(0.5)
            used = agent.cpu_s() - before
        self.note("connections", **{f"agent_us_{connections}": used / requests * 1e6})
        return used / requests * 1e6

    def connections(self) -> list:
        ratios = []
        with hosts.Nginx(self.folder, workers=2):
            hosts.wrk(self.options.seconds)
            for _ in range(self.options.pairs):
                few, many, again, fewer = map(self.cost_with, (10, 10000, 10000, 10))
                ratios += [many / few, again / fewer]
        return [("agent CPU per request with 10,000 open connections against 10",
                 f"{statistics.median(ratios):.2f} ×", "≤ 1.3 ×")]


MEASURES = ("throughput", "instructions", "replay", "shards", "memory", "connections")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", default=MEASURES,
                        help=", ".join(MEASURES))
    parser.add_argument("--seconds", type=int, default=5, help="length of a slice")
    parser.add_argument("--pairs", type=int, default=3, help="off-on-on-off rounds")
    parser.add_argument("--kernels", nargs="*", default=["6.12"])
    options = parser.parse_args()
    if not set(options.measures) <= set(MEASURES):
        parser.error(f"the measures are: {', '.join(MEASURES)}")
    # In memory: what the disk does with the spans is not spanwire's cost.
    with tempfile.TemporaryDirectory(prefix="spanwire-bench-", dir="/dev/shm") as folder:
        bench = Bench(options, pathlib.Path(folder))
        rows = [row for name in options.measures for row in getattr(bench, name)()]
    print("| measure | here | goal |\n|---|---|---|")
    print("\n".join(f"| {what} | {figure} | {goal} |" for what, figure, goal in rows))
    target = options.build / "bench.csv"
    with target.open("w", newline="") as file:
        csv.writer(file).writerows([("measure", "key", "value"), *bench.raw])
    print(f"\nraw figures: {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
