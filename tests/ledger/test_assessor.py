# SPDX-License-Identifier: Apache-2.0
"""Tests of the assessor: it must see every wrong answer, and take no right one for wrong."""

import dataclasses
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import assessor  # noqa: E402
import otlp  # noqa: E402
import shape as shapes  # noqa: E402
from judge import Truth  # noqa: E402
from shape import HOP, INNER, ROOT  # noqa: E402

FRONT, BACK = 8000, 9000
PREFIX = "l000000z1n"
WALL = 1_700_000_000_000_000_000
RIGHT, WRONG, NONE = assessor.RIGHT, assessor.WRONG, assessor.NONE


def truth(number: int) -> Truth:
    start = 1_000_000_000 + number * 10_000_000
    return Truth(id=f"{PREFIX}{number}", method="GET", path=f"/r/{PREFIX}{number}", start_ns=start,
                 end_ns=start + 5_000_000, status=200, request_body=0, response_body=3,
                 wall_minus_monotonic_ns=WALL)


def span(of: Truth, key: tuple, pid: int) -> otlp.Span:
    request_id, port, kind = key
    side = "peer" if kind == otlp.CLIENT else "local"
    path = {"url.full" if kind == otlp.CLIENT else "url.path": f"/r/{request_id}"}
    return otlp.Span(
        trace_id=f"trace {of.id}", span_id=f"{key}", parent_id="", name="GET", kind=kind,
        start_ns=of.start_ns + WALL, end_ns=of.end_ns + WALL, status=0,
        attributes={**path, f"network.{side}.port": port}, resource={"process.pid": pid})


def right_spans(shape: shapes.Shape, truths: list) -> list:
    """Every span, each with the parent that it should have; a process per port."""
    found = []
    for of in truths:
        pids = {}
        for wanted in shapes.expected_spans(of.id, shape.call(shapes.number_of(of.id))):
            _, port, kind = wanted.key
            pid = port if kind == otlp.SERVER else pids.get(wanted.parent, 1)
            pids[wanted.key] = pid
            found.append(span(of, wanted.key, pid))
            found[-1].parent_id = str(wanted.parent) if wanted.parent else ""
    return found


class AssessorTest(unittest.TestCase):
    """A chain of two hops, ten requests, four spans each: the driver's client span, the server
    span of the front, its client span, the server span of the back."""

    def setUp(self):
        self.shape = shapes.chain(FRONT, BACK)
        self.truths = [truth(n) for n in range(10)]
        self.spans = right_spans(self.shape, self.truths)

    def assess(self) -> assessor.Outcome:
        return assessor.Assessor(self.shape, self.truths, self.spans).assess(PREFIX)

    def answers(self, edge: str) -> dict:
        return dict(self.assess().edges[edge])

    def of(self, number: int, place: int) -> otlp.Span:
        return self.spans[4 * number + place]

    def test_right_answer_is_right(self):
        outcome = self.assess()
        self.assertEqual(outcome.edges, {ROOT: {RIGHT: 10}, INNER: {RIGHT: 10}, HOP: {RIGHT: 20}})
        self.assertEqual((outcome.recall(), outcome.precision(), outcome.whole, outcome.late),
                         (1, 1, 10, 0))
        self.assertEqual(outcome.examples, [])

    def test_swapped_parents(self):
        first, second = self.of(0, 2), self.of(1, 2)
        first.parent_id, second.parent_id = second.parent_id, first.parent_id
        first.trace_id, second.trace_id = second.trace_id, first.trace_id
        outcome = self.assess()
        self.assertEqual(outcome.edges[INNER], {RIGHT: 8, WRONG: 2})
        self.assertEqual(outcome.whole, 8)
        self.assertIn("wrong parent", outcome.examples[0])

    def test_no_parent_is_none(self):
        self.of(3, 2).parent_id = ""
        self.assertEqual(self.answers(INNER), {RIGHT: 9, NONE: 1})

    def test_wrong_trace(self):
        self.of(0, 2).trace_id = "another"
        outcome = self.assess()
        self.assertEqual(outcome.edges[INNER], {RIGHT: 9, WRONG: 1})
        self.assertEqual(outcome.edges[HOP], {RIGHT: 19, WRONG: 1})
        self.assertEqual(outcome.whole, 9)

    def test_two_requests_in_one_trace_are_not_whole(self):
        for place in range(4):
            self.of(0, place).trace_id = self.of(1, place).trace_id
        self.assertEqual(self.assess().whole, 8)

    def test_parent_skips_a_generation(self):
        self.of(0, 3).parent_id = self.of(0, 1).span_id
        self.assertEqual(self.answers(HOP), {RIGHT: 19, WRONG: 1})

    def test_own_child_is_a_wrong_parent(self):
        self.of(0, 2).parent_id = self.of(0, 3).span_id
        self.assertEqual(self.answers(INNER), {RIGHT: 9, WRONG: 1})

    def test_parent_in_another_process(self):
        self.of(0, 2).resource["process.pid"] = 77
        self.assertEqual(self.answers(INNER), {RIGHT: 9, WRONG: 1})

    def test_root_with_a_parent(self):
        self.of(1, 0).parent_id = self.of(0, 0).span_id
        self.assertEqual(self.answers(ROOT), {RIGHT: 9, WRONG: 1})

    def test_made_up_parent_is_wrong(self):
        self.of(0, 2).parent_id = "made up"
        self.assertEqual(self.answers(INNER), {RIGHT: 9, WRONG: 1})

    def test_parent_that_was_lost_is_none(self):
        del self.spans[1]
        outcome = self.assess()
        self.assertEqual(outcome.edges[INNER], {RIGHT: 9, NONE: 1})
        self.assertEqual((outcome.found, outcome.expected, outcome.whole), (39, 40, 9))

    def test_parent_of_other_request_is_wrong_though_the_right_one_was_lost(self):
        self.of(0, 2).parent_id = self.of(1, 1).span_id
        del self.spans[1]
        self.assertEqual(self.answers(INNER)[WRONG], 1)

    def test_missing_span(self):
        del self.spans[3]
        outcome = self.assess()
        self.assertEqual((outcome.found, outcome.expected, outcome.whole), (39, 40, 9))
        self.assertEqual(outcome.edges[HOP], {RIGHT: 19, NONE: 1})

    def test_all_spans_missing(self):
        self.spans = []
        outcome = self.assess()
        self.assertEqual((outcome.recall(), outcome.precision(), outcome.whole), (0, 0, 0))
        self.assertEqual(outcome.share(INNER, RIGHT), 0)

    def test_doubled_span(self):
        self.spans.append(dataclasses.replace(self.of(0, 2), span_id="twin"))
        outcome = self.assess()
        self.assertEqual((outcome.doubled, outcome.recall()), (1, 1))
        self.assertLess(outcome.precision(), 1)

    def test_doubled_span_with_another_parent(self):
        twin = dataclasses.replace(self.of(0, 2), span_id="twin", parent_id=self.of(1, 1).span_id)
        self.spans.append(twin)
        self.assertEqual(self.answers(INNER), {RIGHT: 10, WRONG: 1})

    def test_spurious_span(self):
        self.spans.append(span(truth(99), (f"{PREFIX}99", BACK, otlp.CLIENT), 1))
        outcome = self.assess()
        self.assertEqual(outcome.spurious, 1)
        self.assertLess(outcome.precision(), 1)

    def test_span_at_a_port_where_it_does_not_belong(self):
        self.of(0, 3).attributes["network.local.port"] = FRONT + 1
        outcome = self.assess()
        self.assertEqual((outcome.spurious, outcome.found), (1, 39))

    def test_other_cells_are_left_alone(self):
        self.spans.append(span(truth(99), ("l000000z2n99", BACK, otlp.CLIENT), 1))
        self.assertEqual(self.assess().spurious, 0)

    def test_longer_than_it_took(self):
        self.of(0, 0).end_ns += 310_000
        self.assertEqual(self.assess().late, 1)

    def test_what_says_that_its_end_was_lost_has_no_duration(self):
        self.of(0, 0).end_ns += 310_000
        self.of(0, 0).attributes["spanwire.ending"] = "lost"
        outcome = self.assess()
        self.assertEqual((outcome.late, len(outcome.offs_ns)), (0, 9))

    def test_shifted_in_time(self):
        self.of(0, 0).start_ns += 60_000_000
        self.of(0, 0).end_ns += 60_000_000
        outcome = self.assess()
        self.assertEqual((outcome.late, outcome.off_ns(1)), (1, 0))

    def test_nearly_exact_is_exact(self):
        self.of(0, 0).end_ns += 290_000
        outcome = self.assess()
        self.assertEqual((outcome.late, outcome.off_ns(1)), (0, 290_000))

    def test_failed_request_requires_nothing_but_allows_no_wrong_parent(self):
        self.truths[0].ended = "timeout"
        del self.spans[3]
        self.assertEqual(self.assess().recall(), 1)
        self.of(1, -2).parent_id = self.spans[-1].span_id  # the front's client span of request 0
        outcome = self.assess()
        self.assertEqual((outcome.failed, outcome.edges[INNER][WRONG], outcome.whole), (1, 1, 9))

    def test_ids_must_be_unique(self):
        with self.assertRaises(ValueError):
            assessor.Assessor(self.shape, [self.truths[0]] * 2, self.spans)


class ShapesTest(unittest.TestCase):
    """Topologies that are more than a chain."""

    def assess(self, shape, spans=None, count=4) -> assessor.Outcome:
        truths = [truth(n) for n in range(count)]
        spans = right_spans(shape, truths) if spans is None else spans
        return assessor.Assessor(shape, truths, spans).assess(PREFIX)

    def test_fan_out(self):
        calls = tuple(shapes.Call(BACK, suffix=str(n)) for n in range(8))
        shape = shapes.Shape(shapes.Call(FRONT, calls))
        spans = right_spans(shape, [truth(n) for n in range(4)])
        outcome = self.assess(shape, spans)
        self.assertEqual(outcome.edges, {ROOT: {RIGHT: 4}, INNER: {RIGHT: 32}, HOP: {RIGHT: 36}})
        spans[4].parent_id = spans[2].span_id  # one of the calls under its sibling
        self.assertEqual(self.assess(shape, spans).edges[INNER], {RIGHT: 31, WRONG: 1})

    def test_shape_by_number(self):
        short, long = shapes.Call(FRONT), shapes.Call(FRONT, (shapes.Call(BACK),))
        shape = shapes.Shape(long, tree=lambda number: long if number % 2 else short)
        outcome = self.assess(shape)
        self.assertEqual((outcome.total(INNER), outcome.precision(), outcome.whole), (2, 1, 4))

    def test_opaque_hop_is_passed_over(self):
        middle = shapes.Call(0, (shapes.Call(BACK),), client=False, server=False)
        keys = shapes.expected_spans("x", shapes.Call(FRONT, (middle,)))
        self.assertEqual(keys[2].parent, ("x", FRONT, otlp.SERVER))

    def test_statement_in_several_exchanges(self):
        shape = shapes.Shape(shapes.Call(FRONT, (shapes.Call(BACK, several=True),)))
        spans = right_spans(shape, [truth(n) for n in range(4)])
        spans.append(dataclasses.replace(spans[2], span_id="second"))
        outcome = self.assess(shape, spans)
        self.assertEqual((outcome.doubled, outcome.edges[INNER]), (0, {RIGHT: 5}))

    def background(self, parent_id: str) -> assessor.Outcome:
        shape = dataclasses.replace(shapes.chain(FRONT), background_port=BACK)
        truths = [truth(n) for n in range(4)]
        spans = right_spans(shape, truths)
        spans.append(span(truth(9), (f"{PREFIX}bg9", BACK, otlp.CLIENT), FRONT))
        spans.append(span(truth(9), (f"{PREFIX}bg9", BACK, otlp.SERVER), BACK))
        spans[-1].parent_id = spans[-2].span_id
        spans[-2].parent_id = parent_id
        return assessor.Assessor(shape, truths, spans).assess(PREFIX)

    def test_background_call_has_no_parent(self):
        outcome = self.background("")
        self.assertEqual(outcome.edges, {ROOT: {RIGHT: 5}, INNER: {}, HOP: {RIGHT: 5}})
        self.assertEqual((outcome.spurious, outcome.precision()), (0, 1))

    def test_background_call_with_a_parent_is_wrong(self):
        outcome = self.background(str((f"{PREFIX}0", FRONT, otlp.SERVER)))
        self.assertEqual(outcome.edges[ROOT], {RIGHT: 4, WRONG: 1})


class IdTest(unittest.TestCase):

    def id_in(self, key: str, text: str) -> str:
        found = span(truth(0), ("", BACK, otlp.CLIENT), 1)
        found.attributes = {key: text}
        return shapes.id_of(found)

    def test_finds_the_id_where_a_protocol_puts_it(self):
        self.assertEqual(self.id_in("url.full", "http://h/r/l12ab34z1n7?q=1"), "l12ab34z1n7")
        self.assertEqual(self.id_in("url.path", "/x/r/l12ab34z1n7_a_2"), "l12ab34z1n7_a_2")
        self.assertEqual(self.id_in("db.query.text", 'SELECT ? AS "l12ab34z1n7"'), "l12ab34z1n7")
        self.assertEqual(self.id_in("db.query.text", "GET l12ab34z12nbg7"), "l12ab34z12nbg7")
        self.assertEqual(self.id_in("url.path", "/health"), "")

    def test_number(self):
        self.assertEqual(shapes.number_of("l12ab34z1n27_a"), 27)


if __name__ == "__main__":
    unittest.main()
