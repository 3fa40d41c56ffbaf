#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""End-to-end tests: real servers, real clients, the real agent, judged by the client's own log.

  run.py [--build DIR] [SCENARIO...]   runs the scenarios, by default all
  run.py --tier 3 [SCENARIO...]        the same with every daemon at that tier
  run.py --list                        prints their names
"""

import argparse
import json
import os
import pathlib
import signal
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import harness  # noqa: E402
import scenarios  # noqa: E402

SCENARIO_SECONDS = 100


def on_alarm(number, frame):
    raise TimeoutError(f"the scenario took longer than {SCENARIO_SECONDS} s")


def on_term(number, frame):
    sys.exit(143)  # an exception, so that every program is ended on the way out


def run_one(name: str, build: pathlib.Path) -> bool:
    start = time.monotonic()
    scene = harness.Scene(name, build)
    signal.alarm(SCENARIO_SECONDS)
    try:
        with scene:
            scenarios.SCENARIOS[name](scene)
    except Exception as error:  # any failure of one scenario must not hide the others
        scene.problems.append(f"{type(error).__name__}: {error}")
        if not isinstance(error, AssertionError):
            traceback.print_exc()
    finally:
        signal.alarm(0)
    state = "FAIL" if scene.problems else "ok"
    print(f"{state:4} {name} {time.monotonic() - start:.1f} s {json.dumps(scene.figures)}")
    for problem in scene.problems:
        print(f"     - {problem}")
    sys.stdout.flush()
    return not scene.problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=harness.TOP / "build/release")
    parser.add_argument("--tier", type=int, choices=(1, 2, 3))
    parser.add_argument("--list", action="store_true", help="print the names and end")
    parser.add_argument("scenario", nargs="*")
    options = parser.parse_args()
    known = scenarios.load_all()
    if options.list:
        print("\n".join(known))
        return 0
    unknown = [name for name in options.scenario if name not in known]
    if unknown:
        parser.error(f"no such scenario: {', '.join(unknown)}; there are {', '.join(known)}")
    if os.geteuid() != 0:
        print("run.py: the agent needs root here")
        return 1
    signal.signal(signal.SIGALRM, on_alarm)
    signal.signal(signal.SIGTERM, on_term)
    if options.tier:
        harness.Scene.extra_flags = [f"--tier={options.tier}"]
    build = options.build.resolve()
    results = [run_one(name, build) for name in options.scenario or known]
    print(f"{sum(results)} of {len(results)} scenarios passed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
