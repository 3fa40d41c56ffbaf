#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The figures of the README: measures them on this machine and prints them as one table.

  bench.py BUILD_DIR [MEASURE...]

Throughput comes from interleaved pairs (without, with, with, without), so that a noisy machine
disturbs both sides alike; instructions come from QEMU and do not depend on the machine.
"""

import argparse
import csv
import pathlib
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
        self.binary = options.build / "spanwire"
        self.folder = folder
        self.raw = []

    def note(self, measure: str, **values) -> None:
        self.raw += [(measure, key, value) for key, value in values.items()]

    def slice_off(self) -> float:
        rate = hosts.wrk(self.options.seconds) / self.options.seconds
        self.note("throughput", off=rate)
        return rate

    def slice_on(self) -> dict:
        """One slice with spanwire: its rate, its CPU per request, and how much it recorded."""
        with hosts.Agent(self.binary, self.folder) as agent:
            before = agent.cpu_s()
            requests = hosts.wrk(self.options.seconds)
            time.sleep(0.5)
            used = agent.cpu_s() - before
            agent.finish()
        recorded = spans.count(agent.spans) / (CLIENT_AND_SERVER * requests)
        result = {"on": requests / self.options.seconds, "agent_us": used / requests * 1e6,
                  "recorded": recorded}
        self.note("throughput", **result)
        return result

    def throughput(self) -> list:
        ratios, on = [], []
        with hosts.Nginx(self.folder, workers=2):
            hosts.wrk(self.options.seconds)
            for _ in range(self.options.pairs):
                first = self.slice_off()
                on += [self.slice_on(), self.slice_on()]
                second = self.slice_off()
                ratios += [on[-2]["on"] / first, on[-1]["on"] / second]
        kept = statistics.median(ratios)
        agent = statistics.median(sample["agent_us"] for sample in on)
        least = min(sample["recorded"] for sample in on)
        rate = statistics.median(sample["on"] for sample in on)
        return [("throughput kept, nginx + wrk -t1 -c16, 1 KB, both cores full",
                 f"{kept:.1%} (of {len(ratios)} pairs {min(ratios):.1%} to {max(ratios):.1%}; "
                 f"{rate / 1000:.0f} k requests/s traced)", "≥ 85 %"),
                ("requests recorded in that run, client and server span, least of all slices",
                 f"{least:.3%}", "100 %"),
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
                requests = hosts.wrk(seconds)
                recorder.stop()
        return file, requests

    def replay(self) -> list:
        file, requests = self.record(self.options.seconds)
        rates = []
        for _ in range(5):
            start = time.monotonic()
            subprocess.run(["taskset", "-c", "1", str(self.binary), "replay", str(file),
                            "--otlp-file=/dev/null", "--otlp-file-format=proto"],
                           check=True, capture_output=True)
            rates.append(requests / (time.monotonic() - start))
        self.note("replay", requests=requests, best=max(rates), median=statistics.median(rates))
        file.unlink()
        return [("replay, one core", f"{statistics.median(rates) / 1000:.0f} k requests/s",
                 "≥ 300 k")]

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
            requests = hosts.wrk(self.options.seconds)
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


MEASURES = ("throughput", "instructions", "replay", "memory", "connections")


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
