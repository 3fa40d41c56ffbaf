#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The ledger: which share of the parents is right, for real servers of every kind.

  run.py [TOPOLOGY...]       drives the topologies, by default all, and prints one table
  run.py --short             few requests and the thresholds of thresholds.json, as in CI
  run.py --cells --methods   every cell, and what each linking rule earned
  run.py --list              prints their names
"""

import argparse
import dataclasses
import json
import math
import os
import pathlib
import shutil
import signal
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import assessor  # noqa: E402
import harness  # noqa: E402
import ledger  # noqa: E402
import losses  # noqa: E402
import shape as shapes  # noqa: E402
import table  # noqa: E402
import topologies  # noqa: E402
from stage import Cell, Stage  # noqa: E402

REQUESTS = {1: 400, 16: 2000, 64: 3000, 256: 4000}  # of a cell, by connections
SHORT = [Cell(1, True, 100), Cell(16, True, 400), Cell(64, False, 200)]
TOPOLOGY_SECONDS = 300
HOP_RIGHT = 0.999  # between processes of one host, everywhere
RECALL = 0.999
RESTART_SECONDS = 0.7
MARGIN_POINTS = 2  # of the percentage that a threshold stays below what was reached


@dataclasses.dataclass
class Result:
    """One topology: its cells with what was found, and what went wrong besides."""
    topology: topologies.Topology
    cells: list = dataclasses.field(default_factory=list)
    hardships: list = dataclasses.field(default_factory=list)  # (how, outcome): wrong counts only
    problems: list = dataclasses.field(default_factory=list)
    lost: dict = dataclasses.field(default_factory=dict)
    seconds: float = 0


def cells_of(topology: topologies.Topology, options) -> list:
    if options.short:
        return [c for c in SHORT if c.connections <= topology.most]
    counts = [c for c in options.concurrency if c <= topology.most]
    return [Cell(count, kept, options.requests or REQUESTS.get(count, 2000))
            for count in counts for kept in (True, False)]


@dataclasses.dataclass
class Driven:
    """A topology that had its load: the shape, and for each cell its prefix and truths."""
    shape: shapes.Shape
    cells: list = dataclasses.field(default_factory=list)

    def assess(self, spans: list) -> list:
        return [(cell, assessor.Assessor(self.shape, truths, spans).assess(prefix))
                for cell, prefix, truths in self.cells]


def run_on_stage(stage: Stage, result: Result, options):
    driven = Driven(result.topology.start(stage))
    recorder = stage.record() if options.record or options.lose else None
    agent = stage.trace()
    for cell in cells_of(result.topology, options):
        driven.cells.append((cell, stage.next_prefix(), stage.drive(driven.shape, cell)))
    agent.stop()
    if recorder:
        recorder.end()
    spans = stage.own_spans(agent.spans())
    result.cells = driven.assess(spans)
    for _, _, truths in driven.cells:
        stage.write_truth(driven.shape, truths)
    if driven.shape.background_port >= 0:
        assess_background(stage, result, driven.shape, spans)
    result.lost = ledger.reasons(agent.ledger())
    result.problems += ledger.ledger_problems(agent.ledger())
    for share in options.lose:
        spans = stage.own_spans(losses.replay(stage, share))
        outcome = table.summary(driven.assess(spans))
        result.hardships.append((f"{share * 100:g} % lost", outcome))
    if options.restarts:
        result.hardships.append(("restarts", run_restarts(stage, driven.shape, options.restarts)))


def assess_background(stage: Stage, result: Result, shape: shapes.Shape, spans: list):
    found = assessor.Assessor(shape, [], spans).assess(stage.background_prefix)
    result.cells.append((Cell(0, True, 0), found))
    if not found.found:
        result.problems.append("no call in the background was seen")


def run_restarts(stage: Stage, shape: shapes.Shape, restarts: int) -> assessor.Outcome:
    """The load goes on while one agent after the other comes and goes."""
    prefix, agents = stage.next_prefix(), []
    program, finish = stage.start_load(shape.entry.port, shape.path, connections=16,
                                       requests=10_000_000)
    for _ in range(restarts):
        agents.append(stage.trace())
        time.sleep(RESTART_SECONDS)
        agents[-1].stop()
    os.kill(program.pid, signal.SIGTERM)
    truths = finish()
    spans = stage.own_spans([span for agent in agents for span in agent.spans()])
    return assessor.Assessor(shape, truths, spans).assess(prefix)


def run_one(topology: topologies.Topology, options) -> Result:
    result, start = Result(topology), time.monotonic()
    stage = Stage(topology.name, options.build)
    signal.alarm(TOPOLOGY_SECONDS)
    try:
        with stage:
            run_on_stage(stage, result, options)
            if options.keep:
                shutil.copytree(stage.folder, options.keep / topology.name, dirs_exist_ok=True,
                                ignore=harness.skip_special)
    except Exception as error:  # one topology must not hide the others
        result.problems.append(f"{type(error).__name__}: {error}")
        if not isinstance(error, AssertionError):
            traceback.print_exc()
    finally:
        signal.alarm(0)
    result.seconds = time.monotonic() - start
    return result


def wrong_breaches(how: str, outcome: assessor.Outcome) -> list:
    return [f"{how}{edge}: {table.wrong_percent(share)} % of the parents are wrong"
            for edge in outcome.edges
            if (share := outcome.share(edge, assessor.WRONG)) > table.WRONG_LIMIT]


def breaches(result: Result, thresholds: dict) -> list:
    """What the short form does not let pass."""
    total = table.summary(result.cells)
    found = list(result.problems)
    if not total.requests:
        return found or ["no request was made"]
    limits = thresholds.get(result.topology.name, {})
    found += wrong_breaches("", total)
    for how, outcome in result.hardships:
        found += wrong_breaches(f"{how}: ", outcome)
    for what, is_there, least in (
            ("in-process parents", total.share(shapes.INNER, assessor.RIGHT),
             limits.get("right", 0)),
            ("parents across processes", total.share(shapes.HOP, assessor.RIGHT),
             limits.get("hop", HOP_RIGHT)),
            ("recall", total.recall(), limits.get("recall", RECALL)),
            ("precision", total.precision(), limits.get("precision", RECALL))):
        if is_there < least:
            found.append(f"{what}: {table.percent(is_there)} %, at least "
                         f"{table.percent(least)} % is asked for")
    if total.failed > 0.001 * total.requests:
        found.append(f"{total.failed} of {total.requests} requests failed")
    return found


def raise_thresholds(results: list):
    """Writes what was reached, less a margin, where it is more than what is asked for."""
    path = HERE / "thresholds.json"
    limits = json.loads(path.read_text())
    for result in results:
        share = table.summary(result.cells).share(shapes.INNER, assessor.RIGHT)
        mine = limits.setdefault(result.topology.name, {"right": 0})
        mine["right"] = max(mine["right"], math.floor(share * 100 - MARGIN_POINTS) / 100)
    lines = [f"  {json.dumps(name)}: {json.dumps(mine)}" for name, mine in sorted(limits.items())]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def rows(result: Result) -> list:
    topology = result.topology
    return [table.row(topology.name, topology.group, result.cells)] + [
        table.hardship_row(f"{topology.name}, {how}", outcome)
        for how, outcome in result.hardships]


def show(result: Result, options):
    """The details, as they come: they go to standard error, the table to standard output."""
    total = table.summary(result.cells)
    print(f"{result.topology.name}: {total.requests} requests, {result.seconds:.1f} s"
          f"{f', dropped {json.dumps(result.lost)}' if result.lost else ''}", file=sys.stderr)
    details = list(total.examples)
    details += [f"{how}: {example}" for how, outcome in result.hardships
                for example in outcome.examples if example.startswith("wrong")]
    if options.cells and result.cells:
        details += table.lines([table.cell_header()] +
                               [table.cell_row(*cell) for cell in result.cells])
    if options.methods:
        details += table.method_lines(total)
        details += [f"none: {reason}: {count}" for reason, count in total.reasons.most_common()]
    for line in details + [f"problem: {p}" for p in result.problems]:
        print(f"  {line}", file=sys.stderr)


def parse_options():
    known = topologies.load_all()
    parser = argparse.ArgumentParser(description=__doc__, prog="scripts/dev ledger",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("topology", nargs="*")
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parents[1] / "build/release")
    parser.add_argument("--short", action="store_true", help="the form that CI runs")
    parser.add_argument("--concurrency", default="1,16,64,256", help="connections, with commas",
                        type=lambda text: [int(c) for c in text.split(",")])
    parser.add_argument("--requests", type=int, help="of each cell")
    parser.add_argument("--lose", default=[], help="shares of the records to lose: 0.01,0.1",
                        type=lambda text: [float(share) for share in text.split(",")])
    parser.add_argument("--restarts", type=int, default=0, help="of the agent under load")
    parser.add_argument("--cells", action="store_true", help="print every cell")
    parser.add_argument("--methods", action="store_true", help="print what each rule earned")
    parser.add_argument("--keep", type=pathlib.Path, help="copy logs, truths and spans there")
    parser.add_argument("--record", action="store_true", help="a recording besides, for --keep")
    parser.add_argument("--tier", type=int, choices=(1, 2, 3))
    parser.add_argument("--agent-flag", action="append", default=[], help="for the daemon")
    parser.add_argument("--raise", action="store_true", dest="raise_thresholds",
                        help="raise the thresholds to what is reached")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    options = parser.parse_args()
    unknown = [name for name in options.topology if name not in known]
    if unknown:
        parser.error(f"no such topology: {', '.join(unknown)}; there are {', '.join(known)}")
    options.build = options.build.resolve()
    chosen = [known[name] for name in options.topology]
    return options, chosen or [t for t in known.values() if t.short or not options.short]


def on_alarm(number, frame):
    raise TimeoutError(f"the topology took longer than {TOPOLOGY_SECONDS} s")


def on_term(number, frame):
    sys.exit(143)  # an exception, so that every program is ended on the way out


def main() -> int:
    options, chosen = parse_options()
    if options.list:
        print("\n".join(topologies.TOPOLOGIES))
        return 0
    if os.geteuid() != 0:
        print("ledger: the agent needs root here")
        return 1
    signal.signal(signal.SIGALRM, on_alarm)
    signal.signal(signal.SIGTERM, on_term)
    Stage.extra_flags = options.agent_flag + ([f"--tier={options.tier}"] if options.tier else [])
    Stage.show_statements(options.build / "spanwire")
    results = []
    for topology in chosen:
        results.append(run_one(topology, options))
        show(results[-1], options)
    print("\n".join(table.lines([table.header()] + [row for r in results for row in rows(r)])))
    if options.raise_thresholds:
        raise_thresholds(results)
    thresholds = json.loads((HERE / "thresholds.json").read_text()) if options.short else {}
    failed = False
    for result in results:
        found = breaches(result, thresholds) if options.short else result.problems
        failed = failed or bool(found)
        for breach in found:
            print(f"FAIL {result.topology.name}: {breach}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
