#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The kernel matrix: boots each Debian kernel in QEMU and runs a scenario on it.

  run.py                            the http scenario on every kernel
  run.py --scenario boot 5.10 7     whether the machine itself works, on two of them
"""

import argparse
import pathlib
import re
import sys
import tempfile
import time

import image
import judge
import machine

TOP = pathlib.Path(__file__).resolve().parents[2]

# The tiers that each kernel has (DESIGN: sock_*_length from 6.3, fentry with sk_storage from 6.1).
TIERS = {"5.10": (3,), "6.1": (2, 3), "6.12": (1, 2, 3), "7": (1, 2, 3)}

UNIT = TOP / "packaging/systemd/spanwire.service"


def packaged_capabilities() -> str:
    """What the packaged unit grants the service, and nothing else."""
    granted = re.search(r"^AmbientCapabilities=(.+)$", UNIT.read_text(), re.MULTILINE)
    return ",".join(granted[1].split())


def variables(scenario: str, series: str) -> dict:
    """What the guest's scenario reads from its environment."""
    result = {"SCENARIO": scenario, "SERIES": series}
    if scenario == "http":
        runs = ["root:auto"] + [f"caps:{tier}" for tier in TIERS[series]]
        result |= {"RUNS": ",".join(runs), "CAPS": packaged_capabilities(), "KEPT": judge.KEPT,
                   "NEW": judge.NEW, "MISSING": judge.MISSING}
    if scenario == "preempted":
        # Tier 3 on Linux 7 is for nobody: its programs run at every system call, and three of them
        # do not suffice to be left out never, only rarely.
        tiers = [tier for tier in TIERS[series] if (series, tier) != ("7", 3)]
        result |= {"TIERS_RUN": ",".join(map(str, tiers)),
                   "TASKS": judge.TASKS, "COUNT": judge.ASKED}
    return result


def check(series: str, scenario: str, initrd: pathlib.Path, work: pathlib.Path) -> bool:
    """Boots one kernel, says what was wrong, and whether nothing was."""
    start = time.monotonic()
    environment = variables(scenario, series)
    # Linux 7 preempts as it is, the others when told to.
    append = "preempt=full" if scenario == "preempted" and series != "7" else ""
    outcome = machine.boot(machine.Machine(series, initrd, append=append), work, environment)
    errors = list(outcome.complaints)
    if outcome.finished:
        errors += judge.JUDGES[scenario](outcome, environment)
    else:
        errors += ["the scenario did not end; the console's last lines:",
                   *outcome.console.splitlines()[-30:]]
    for line in outcome.console.splitlines():
        if line.startswith("guest: "):
            print(f"  {line}")
    print(f"{'FAIL' if errors else 'ok'} kernel {series}, {scenario}: "
          f"{time.monotonic() - start:.1f} s", flush=True)
    for text in errors:
        print(f"  {text}")
    return not errors


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kernels", nargs="*", metavar="KERNEL", default=list(TIERS))
    parser.add_argument("--binary", type=pathlib.Path, default=TOP / "build/release/spanwire")
    parser.add_argument("--scenario", choices=sorted(judge.JUDGES), default="http")
    arguments = parser.parse_args()
    unknown = set(arguments.kernels) - set(TIERS)
    if unknown:
        parser.error(f"no such kernel: {', '.join(unknown)} (choose from {', '.join(TIERS)})")
    with tempfile.TemporaryDirectory(prefix="spanwire-vm-") as folder:
        work = pathlib.Path(folder)
        binaries = [] if arguments.scenario == "boot" else [arguments.binary]
        initrd = image.build(work, binaries)
        good = [check(series, arguments.scenario, initrd, work) for series in arguments.kernels]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
