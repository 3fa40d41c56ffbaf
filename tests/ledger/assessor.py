# SPDX-License-Identifier: Apache-2.0
"""Compares exported spans with the driver's truth: is each span there, once, and is its parent the
right one? A parent is right, wrong or none; there is no fourth answer."""

import collections
import dataclasses

import otlp
import shape as shapes
from judge import MIN_TOLERANCE_NS, TOLERANCE, Truth  # how exact a duration must be

START_NS = 50_000_000  # how far wall clocks of driver and agent may be apart
EXAMPLES = 5
RIGHT, WRONG, NONE = "right", "wrong", "none"


@dataclasses.dataclass
class Outcome:
    """What was found in one cell of the table, or, added up, in several."""
    requests: int = 0
    failed: int = 0  # requests without a good answer: nothing is required of them
    expected: int = 0
    found: int = 0
    doubled: int = 0
    spurious: int = 0  # spans that no request explains
    whole: int = 0  # requests all of whose spans are there, in one trace of their own
    late: int = 0  # durations or starts that are off
    offs_ns: list = dataclasses.field(default_factory=list)
    edges: dict = dataclasses.field(default_factory=lambda: {
        edge: collections.Counter() for edge in (shapes.ROOT, shapes.INNER, shapes.HOP)})
    methods: dict = dataclasses.field(default_factory=lambda: collections.defaultdict(
        collections.Counter))  # (edge, method, confidence) -> answers
    reasons: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    examples: list = dataclasses.field(default_factory=list)

    def add(self, other: "Outcome"):
        for field in ("requests", "failed", "expected", "found", "doubled", "spurious", "whole",
                      "late"):
            setattr(self, field, getattr(self, field) + getattr(other, field))
        self.offs_ns += other.offs_ns
        for edge, answers in other.edges.items():
            self.edges[edge].update(answers)
        for method, answers in other.methods.items():
            self.methods[method].update(answers)
        self.reasons.update(other.reasons)
        self.examples = (self.examples + other.examples)[:EXAMPLES]

    def share(self, edge: str, answer: str) -> float:
        """Of the spans that must have such a parent. A span that is missing has the answer none."""
        total = sum(self.edges[edge].values())
        return self.edges[edge][answer] / total if total else 0.0

    def total(self, edge: str) -> int:
        return sum(self.edges[edge].values())

    def recall(self) -> float:
        return self.found / self.expected if self.expected else 0.0

    def precision(self) -> float:
        seen = self.found + self.doubled + self.spurious
        return self.found / seen if seen else 0.0

    def wrong(self) -> int:
        return sum(answers[WRONG] for answers in self.edges.values())

    def off_ns(self, share: float) -> int:
        offs = sorted(self.offs_ns)
        return offs[min(len(offs) - 1, int(len(offs) * share))] if offs else 0


def describe(span: otlp.Span) -> str:
    kind = "CLIENT" if span.kind == otlp.CLIENT else "SERVER"
    process = span.resource.get("process.executable.name", "?")
    return (f"{kind} {shapes.id_of(span) or span.name}:{span.server_port} of "
            f"{process}[{span.resource.get('process.pid', 0)}]")


class Assessor:
    """Assesses the spans of one cell. `spans` are those of the whole run: a parent may turn out to
    be a span of another cell."""

    def __init__(self, shape: shapes.Shape, truths: list, spans: list):
        self.shape, self.truths = shape, {t.id: t for t in truths}
        if len(self.truths) != len(truths):
            raise ValueError("the ids are not unique")
        self.by_id = {span.span_id: span for span in spans}
        self.by_key = collections.defaultdict(list)
        self.requests_of_trace = collections.defaultdict(set)
        for span in spans:
            self.by_key[shapes.id_of(span), span.server_port, span.kind].append(span)
            self.requests_of_trace[span.trace_id].add(root_id(shapes.id_of(span)))
        self.outcome = Outcome()

    def assess(self, prefix: str) -> Outcome:
        """`prefix`: what the ids of this cell begin with."""
        expected_keys = set()
        for truth in self.truths.values():
            expected = self.expected(truth)
            expected_keys.update(e.key for e in expected)
            self.assess_request(truth, expected)
        for (request_id, port, kind), several in list(self.by_key.items()):
            if not request_id.startswith(prefix) or (request_id, port, kind) in expected_keys:
                continue
            if shapes.BACKGROUND.search(request_id) and port == self.shape.background_port:
                self.assess_background((request_id, port, kind), several)
            else:
                self.outcome.spurious += len(several)
                self.example(f"spurious: {describe(several[0])}")
        return self.outcome

    def expected(self, truth: Truth) -> list:
        return shapes.expected_spans(truth.id, self.shape.call(shapes.number_of(truth.id)))

    def assess_request(self, truth: Truth, expected: list):
        outcome = self.outcome
        outcome.requests += 1
        traces, complete = set(), True
        for wanted in expected:
            spans = self.by_key.get(wanted.key, [])
            complete = complete and bool(spans)
            traces.update(span.trace_id for span in spans)
            self.assess_spans(wanted, spans, truth.answered)
        if not truth.answered:
            outcome.failed += 1
            return
        whole = complete and len(traces) == 1
        outcome.whole += whole and self.requests_of_trace[traces.pop()] == {truth.id}
        self.assess_time(truth, expected[0])

    def assess_spans(self, wanted: shapes.Expected, spans: list, required: bool):
        """The spans that carry one key, of which there must be one."""
        if spans or required:
            self.outcome.expected += 1
            self.outcome.found += bool(spans)
        if not spans and required:
            self.outcome.edges[wanted.edge][NONE] += 1
            self.outcome.reasons["span missing"] += 1
            self.example(f"missing: {wanted.key}")
        if len(spans) > 1 and not wanted.several:
            self.outcome.doubled += len(spans) - 1
            self.example(f"doubled: {describe(spans[0])}")
        for span in spans:
            self.assess_parent(wanted, span)

    def assess_parent(self, wanted: shapes.Expected, span: otlp.Span):
        answer = self.answer(wanted, span)
        self.outcome.edges[wanted.edge][answer] += 1
        if answer == NONE:
            self.outcome.reasons[str(span.attributes.get("spanwire.link.reason", "unsaid"))] += 1
        elif wanted.edge != shapes.ROOT or answer == WRONG:
            method = (wanted.edge, str(span.attributes.get("spanwire.link.method", "-")),
                      str(span.attributes.get("spanwire.link.confidence", "-")))
            self.outcome.methods[method][answer] += 1
        if answer == WRONG:
            parent = self.by_id.get(span.parent_id)
            self.example(f"wrong parent: {describe(span)} has "
                         f"{describe(parent) if parent else span.parent_id} "
                         f"({span.attributes.get('spanwire.link.method')})")

    def answer(self, wanted: shapes.Expected, span: otlp.Span) -> str:
        if not span.parent_id:
            return RIGHT if wanted.edge == shapes.ROOT else NONE
        if wanted.edge == shapes.ROOT:
            return WRONG
        for parent in self.by_key.get(wanted.parent, []):
            if (parent.span_id, parent.trace_id) == (span.parent_id, span.trace_id):
                torn = wanted.one_process and pid_of(parent) != pid_of(span)
                return WRONG if torn else RIGHT
        # Ids are the same wherever they are computed: a parent that was lost on the way is none.
        lost = wanted.parent not in self.by_key and span.parent_id not in self.by_id
        return NONE if lost else WRONG

    def assess_background(self, key: tuple, spans: list):
        """No request caused the call, so no request may be its parent."""
        request_id, port, kind = key
        self.assess_spans(next(e for e in shapes.expected_spans(request_id, shapes.Call(port))
                               if e.key[2] == kind), spans, True)

    def assess_time(self, truth: Truth, entry: shapes.Expected):
        for span in self.by_key.get(entry.key, [])[:1]:
            if "spanwire.ending" in span.attributes:
                continue  # it says itself that its end was lost
            off = abs(span.duration_ns - truth.duration_ns)
            begun = abs(span.start_ns - truth.start_ns - truth.wall_minus_monotonic_ns)
            self.outcome.offs_ns.append(off)
            self.outcome.late += (begun > START_NS or
                                  off > max(MIN_TOLERANCE_NS, TOLERANCE * truth.duration_ns))

    def example(self, text: str):
        if len(self.outcome.examples) < EXAMPLES:
            self.outcome.examples.append(text)


def root_id(request_id: str) -> str:
    return request_id.split("_")[0]


def pid_of(span: otlp.Span) -> int:
    return span.resource.get("process.pid", 0)
