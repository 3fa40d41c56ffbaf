#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Instructions per request, counted in QEMU with one instruction a nanosecond.

Prints one line per kernel: the instructions that client and server run for a keep-alive request
without spanwire, how many the hooks add, and how many the agent runs.
"""

import argparse
import pathlib
import statistics
import sys
import tempfile

import image
import machine

TOP = pathlib.Path(__file__).resolve().parents[2]

COUNTING = ("-accel", "tcg", "-icount", "shift=0,sleep=off")


def samples(text: str) -> dict:
    """{"on" or "off": [(traced, agent, elapsed)]}: nanoseconds for all requests of a sample."""
    result = {"on": [], "off": []}
    for line in text.splitlines():
        name, client, nginx, agent, elapsed = line.split()
        result[name].append((int(client) + int(nginx), int(agent), int(elapsed)))
    return result


def measure(series: str, initrd: pathlib.Path, work: pathlib.Path, options) -> dict:
    counted = machine.Machine(series, initrd, cpus=1, options=COUNTING, limit_s=900)
    outcome = machine.boot(counted, work, {"SCENARIO": "icount", "COUNT": options.count,
                                           "ROUNDS": options.rounds, "TIER": options.tier})
    found = samples(outcome.text("icount/samples"))
    if not found["on"] or not found["off"] or outcome.text("icount/exit").strip() != "0":
        raise RuntimeError(f"kernel {series}: no samples\n{outcome.text('icount/stderr')}\n"
                           f"{outcome.console[-2000:]}")

    def median(name: str, column: int) -> float:
        return statistics.median(sample[column] for sample in found[name]) / options.count

    return {"kernel": series, "tier": options.tier, "plain": median("off", 0),
            "hooks": median("on", 0) - median("off", 0), "agent": median("on", 1),
            "spread": max(s[0] for s in found["on"]) / min(s[0] for s in found["on"]) - 1}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kernels", nargs="*", metavar="KERNEL", default=["6.12"])
    parser.add_argument("--binary", type=pathlib.Path, default=TOP / "build/release/spanwire")
    parser.add_argument("--count", type=int, default=2000, help="requests per sample")
    parser.add_argument("--rounds", type=int, default=5, help="samples with and without")
    parser.add_argument("--tier", default="auto")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spanwire-icount-") as folder:
        work = pathlib.Path(folder)
        initrd = image.build(work, [options.binary])
        print("kernel,tier,plain_insns,hook_insns,agent_insns,spread")
        for series in options.kernels:
            row = measure(series, initrd, work, options)
            print(f"{row['kernel']},{row['tier']},{row['plain']:.0f},{row['hooks']:.0f},"
                  f"{row['agent']:.0f},{row['spread']:.4f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
