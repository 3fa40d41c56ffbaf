# SPDX-License-Identifier: Apache-2.0
"""Tests of otlp.py: a ledger that does not add up must be noticed, wherever it is wrong."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import otlp  # noqa: E402  pylint: disable=wrong-import-position


def stage(name: str, unit: str, numbers: tuple, dropped: dict = None) -> dict:
    came, went, held = numbers
    return {"name": name, "unit": unit, "in": came, "out": went, "held": held,
            "dropped": dropped or {}}


def errors(*stages: dict) -> list:
    return otlp.ledger_errors({"stages": list(stages)})


class Ledger(unittest.TestCase):
    def test_exact_ledger_passes(self):
        self.assertEqual(errors(stage("ring", "events", (10, 8, 1), {"full": 1}),
                                stage("decode", "events", (8, 8, 0)),
                                stage("span", "spans", (4, 4, 0)),
                                stage("exporter/file", "spans", (4, 4, 0)),
                                stage("exporter/otlp", "spans", (4, 1, 0), {"queue": 3})), [])

    def test_empty_ledger_fails(self):
        self.assertEqual(len(errors()), 1)

    def test_stage_that_loses_silently_fails(self):
        self.assertEqual(len(errors(stage("ring", "events", (10, 9, 0)))), 1)

    def test_neighbours_that_do_not_connect_fail(self):
        self.assertEqual(len(errors(stage("ring", "events", (10, 10, 0)),
                                    stage("decode", "events", (9, 9, 0)))), 1)

    def test_second_exporter_is_fed_by_the_last_stage_too(self):
        self.assertEqual(len(errors(stage("span", "spans", (4, 4, 0)),
                                    stage("exporter/a", "spans", (4, 4, 0)),
                                    stage("exporter/b", "spans", (3, 3, 0)))), 1)

    def test_dropped_names_stage_and_reason(self):
        stats = {"stages": [stage("ring", "events", (2, 1, 0), {"full": 1, "big": 0})]}
        self.assertEqual(otlp.dropped(stats), {"ring/full": 1})


class Spans(unittest.TestCase):
    LINE = {"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "nginx"}}]},
        "scopeSpans": [{"spans": [{
            "name": "GET", "kind": 2, "traceId": "ab", "spanId": "cd",
            "startTimeUnixNano": "5", "endTimeUnixNano": "9",
            "attributes": [{"key": "http.response.status_code", "value": {"intValue": "200"}}],
        }]}]}]}

    def test_reads_kind_times_attributes_and_resource(self):
        span, = otlp.spans([json.dumps(self.LINE), "\n"])
        self.assertEqual((span.kind, span.start_ns, span.end_ns), ("SERVER", 5, 9))
        self.assertEqual(span.attributes, {"http.response.status_code": 200})
        self.assertEqual(span.resource, {"service.name": "nginx"})

    def test_attribute_that_comes_twice_fails(self):
        pair = {"key": "a", "value": {"boolValue": True}}
        with self.assertRaises(ValueError):
            otlp.attributes_of([pair, pair])


if __name__ == "__main__":
    unittest.main()
