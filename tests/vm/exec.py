#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one shell command on test kernels, with files of this machine at hand in /usr/bin there.

  exec.py 'spanwire doctor'
  exec.py --add build/debug/bin/capture_test --kernel 5.10 --kernel 7 'capture_test'

`/capexec 65534 CAP_BPF,CAP_PERFMON COMMAND` gives a command only these capabilities.
"""

import argparse
import pathlib
import sys
import tempfile

import image
import machine

TOP = pathlib.Path(__file__).resolve().parents[2]
KERNELS = ("5.10", "6.1", "6.12", "7")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command")
    parser.add_argument("--kernel", action="append", choices=KERNELS)
    parser.add_argument("--binary", type=pathlib.Path, default=TOP / "build/release/spanwire")
    parser.add_argument("--add", type=pathlib.Path, action="append", default=[])
    parser.add_argument("--append", default="", help="for the kernel, e.g. lockdown=integrity")
    options = parser.parse_args()
    worst = 0
    with tempfile.TemporaryDirectory(prefix="spanwire-vm-") as folder:
        work = pathlib.Path(folder)
        binaries = [path for path in (options.binary, *options.add) if path.exists()]
        initrd = image.build(work, binaries, {"command.sh": options.command + "\n"})
        for series in options.kernel or KERNELS:
            outcome = machine.boot(machine.Machine(series, initrd, append=options.append), work,
                                   {"SCENARIO": "exec"})
            status = int(outcome.text("status") or 255)
            worst = max(worst, status)
            shown = outcome.text("output") if outcome.finished else outcome.console
            print(f"--- kernel {series}, status {status}", *outcome.complaints, shown, sep="\n")
    return worst


if __name__ == "__main__":
    sys.exit(main())
