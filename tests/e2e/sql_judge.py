# SPDX-License-Identifier: Apache-2.0
"""Compares spans of SQL statements with what their client saw."""

import collections
import json
import pathlib
import re

import otlp

RECALL = 0.999
LATE_SHARE = 0.01  # of the clients that were put aside between their call and their clock
EARLY_NS = 300_000  # the client's clock is read beside its call
NAME = re.compile(r'"([^"]+)"')
# The round trips before a statement that runs. One that fails is its last.
BEFORE = ("PREPARE", "BIND", "DESCRIBE")
SIDES = {otlp.CLIENT: "client", otlp.SERVER: "server"}
# Literals of the statements. None may be in any span.
CANARY = "canary"
RESPONSE_ROWS = "db.response.returned_rows"
TCP = ("network.local.port", "network.peer.port", "network.peer.address", "network.type")


def read_statements(path: pathlib.Path, log: pathlib.Path) -> dict:
    """By id: what was asked for and what came of it. Both must say the same of errors."""
    asked = {s["id"]: s for s in map(json.loads, path.read_text().splitlines())}
    truths = {}
    for line in map(json.loads, log.read_text().splitlines()):
        if line["code"] != asked[line["id"]]["code"]:
            raise AssertionError(f"{asked[line['id']]} ended with {line['code']}")
        truths[line["id"]] = {**asked[line["id"]], **line}
    if len(truths) != len(asked):
        raise AssertionError(f"{len(asked)} statements, but {len(truths)} in the log")
    return truths


def id_of(span: otlp.Span) -> str:
    match = NAME.search(span.attributes.get("db.query.text", ""))
    return match[1] if match else ""


def runs(span: otlp.Span) -> bool:
    return not span.name.startswith(BEFORE) or span.status == otlp.ERROR


def is_lost(span: otlp.Span) -> bool:
    """It says that its answer was not captured: then it does not count."""
    return span.attributes.get("spanwire.ending") == "lost"


def shape_problems(span: otlp.Span) -> list:
    """What every span must be like."""
    attributes = span.attributes
    problems = []
    if attributes.get("db.system.name") != "postgresql":
        problems.append("no db.system.name")
    if "db.query.summary" in attributes and attributes["db.query.summary"] != span.name:
        problems.append("the name is not the summary")
    if any(CANARY in str(value) for value in [span.name, *attributes.values()]):
        problems.append("a literal left")
    if any(key.startswith("~") for key in attributes):
        problems.append("an internal fact left")
    if span.status == 1:
        problems.append("status OK is for applications only")
    if (span.status == otlp.ERROR) != ("error.type" in attributes):
        problems.append("error.type and status disagree")
    if not span.is_unix:
        problems += [f"no {key}" for key in TCP if key not in attributes]
    return problems


def statement_problems(span: otlp.Span, truth: dict) -> list:
    problems = []
    code = span.attributes.get("db.response.status_code", "")
    if code != truth["code"] or (span.status == otlp.ERROR) != bool(truth["code"]):
        problems.append(f"its SQLSTATE is {code or 'none'}, not {truth['code'] or 'none'}")
    if truth["rows"] is not None and span.attributes.get(RESPONSE_ROWS) != truth["rows"]:
        problems.append(f"its rows are {span.attributes.get(RESPONSE_ROWS)}, not {truth['rows']}")
    return problems


class SqlJudge:
    """Judges the spans of one hop. `sides`: which ends are traced."""

    def __init__(self, truths: dict, port: int, sides=(otlp.CLIENT, otlp.SERVER)):
        self.truths, self.port, self.sides = truths, port, sides
        self.problems, self.figures = [], {}

    def owns(self, span: otlp.Span) -> bool:
        return span.is_unix if self.port == 0 else span.server_port == self.port

    def judge(self, spans: list) -> "SqlJudge":
        own = [s for s in spans if self.owns(s)]
        found = collections.Counter()
        wrong = collections.defaultdict(list)
        by_kind = {kind: {} for kind in self.sides}
        late = []
        for span in own:
            for problem in shape_problems(span):
                wrong[problem].append(span)
            truth = self.truths.get(id_of(span))
            if truth is None or not runs(span) or span.kind not in by_kind or is_lost(span):
                continue
            found[(truth["id"], span.kind)] += 1
            by_kind[span.kind][truth["id"]] = span
            waited = truth["end_ns"] - truth["start_ns"]
            if span.kind == otlp.CLIENT and span.duration_ns > waited + EARLY_NS:
                late.append(span)
            for problem in statement_problems(span, truth):
                wrong[problem].append(span)
        self.judge_recall(found)
        if len(late) > LATE_SHARE * len(self.truths):
            wrong["it lasts longer than its client waited"] = late
        if len(by_kind) == 2:
            self.judge_parents(by_kind)
        for problem, several in sorted(wrong.items()):
            self.problems.append(f"port {self.port}: {problem}: {len(several)} spans, e.g. "
                                 f"{several[0].name} {several[0].attributes}")
        return self

    def judge_recall(self, found: collections.Counter):
        doubled = [key for key, count in found.items() if count > 1]
        if doubled:
            self.problems.append(f"port {self.port}: {len(doubled)} doubled, e.g. {doubled[0]}")
        for kind in self.sides:
            missing = [i for i in self.truths if (i, kind) not in found]
            recall = 1 - len(missing) / max(1, len(self.truths))
            self.figures[f"{self.port} {SIDES[kind]} recall"] = round(recall, 5)
            if recall < RECALL:
                self.problems.append(f"port {self.port}: {len(missing)} of {len(self.truths)} "
                                     f"{SIDES[kind]} spans are missing, e.g. {missing[0]}")

    def judge_parents(self, by_kind: dict):
        both = by_kind[otlp.CLIENT].keys() & by_kind[otlp.SERVER].keys()
        wrong = [i for i in both
                 if by_kind[otlp.SERVER][i].parent_id != by_kind[otlp.CLIENT][i].span_id]
        if wrong:
            self.problems.append(f"port {self.port}: {len(wrong)} server spans have another parent "
                                 f"than their client's span, e.g. {wrong[0]}")
