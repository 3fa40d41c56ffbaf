# SPDX-License-Identifier: Apache-2.0
"""Checks the loss ledger: what came in went out, is held, or was dropped for a named reason."""

import json
import pathlib

UNITS = {"events", "bytes", "messages", "exchanges", "spans"}
EXPORTER = "exporter/"


def read_ledger(path: pathlib.Path) -> list:
    return json.loads(path.read_text())["stages"]


def dropped(stages: list, reason: str = "", stage: str = "") -> int:
    """How much was dropped, of one reason and stage if they are given."""
    return sum(count for s in stages if stage in ("", s["name"])
               for name, count in s["dropped"].items() if reason in ("", name))


def reasons(stages: list) -> dict:
    """stage.reason -> count, the zeros left out."""
    return {f"{s['name']}.{reason}": count for s in stages
            for reason, count in s["dropped"].items() if count}


def stage_problems(stage: dict) -> list:
    numbers = [stage["in"], stage["out"], stage["held"], *stage["dropped"].values()]
    if any(not isinstance(n, int) or n < 0 for n in numbers):
        return [f"ledger: {stage['name']} has a number that is none: {numbers}"]
    if stage["unit"] not in UNITS:
        return [f"ledger: {stage['name']} has the unknown unit {stage['unit']}"]
    accounted = stage["out"] + stage["held"] + sum(stage["dropped"].values())
    if stage["in"] != accounted:
        return [f"ledger: {stage['name']}: in {stage['in']} != {accounted} = out {stage['out']} + "
                f"held {stage['held']} + dropped {stage['dropped']}"]
    return []


def link_problems(stages: list) -> list:
    """Neighbours of one unit connect; every exporter is fed by the last stage before them all."""
    problems, previous = [], None
    for stage in stages:
        if previous and previous["unit"] == stage["unit"] and previous["out"] != stage["in"]:
            problems.append(f"ledger: {previous['name']} out {previous['out']} != "
                            f"{stage['name']} in {stage['in']}")
        if not stage["name"].startswith(EXPORTER):
            previous = stage
    return problems


def ledger_problems(stages: list, finished: bool = True) -> list:
    """`finished`: the agent has ended, so nothing may be held any more."""
    problems = [p for stage in stages for p in stage_problems(stage)] + link_problems(stages)
    if not any(s["name"].startswith(EXPORTER) for s in stages):
        problems.append("ledger: no exporter is in it")
    if finished:
        problems += [f"ledger: {s['name']} still holds {s['held']} at the end"
                     for s in stages if s["held"]]
    return problems
