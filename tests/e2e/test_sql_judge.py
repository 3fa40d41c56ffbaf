# SPDX-License-Identifier: Apache-2.0
"""Shows the judge of SQL statements wrong answers."""

import unittest

import otlp
import sql_judge


def span(kind: int, **changes) -> otlp.Span:
    attributes = {"db.system.name": "postgresql", "db.query.text": 'SELECT ? AS "id-1"',
                  "db.query.summary": "SELECT", "db.response.returned_rows": 1,
                  "network.local.port": 5 if kind == otlp.SERVER else 6,
                  "network.peer.port": 6 if kind == otlp.SERVER else 5,
                  "network.peer.address": "127.0.0.1", "network.type": "ipv4",
                  **changes.pop("attributes", {})}
    values = {"trace_id": "1", "span_id": "a" if kind == otlp.CLIENT else "b",
              "parent_id": "" if kind == otlp.CLIENT else "a", "name": "SELECT", "kind": kind,
              "start_ns": 100, "end_ns": 200, "status": 0, "attributes": attributes,
              "resource": {}, **changes}
    return otlp.Span(**values)


def problems(spans: list, **changes) -> list:
    truth = {"id": "id-1", "code": "", "rows": 1, "start_ns": 0, "end_ns": 1000, **changes}
    return sql_judge.SqlJudge({"id-1": truth}, 5).judge(spans).problems


BOTH = [span(otlp.CLIENT), span(otlp.SERVER)]


class SqlJudgeTest(unittest.TestCase):
    def expect(self, text: str, spans: list, **changes):
        found = problems(spans, **changes)
        self.assertTrue(any(text in p for p in found), found)

    def test_right_spans_pass(self):
        self.assertEqual(problems(BOTH), [])
        prepare = span(otlp.CLIENT, name="PREPARE SELECT",
                       attributes={"db.query.summary": "PREPARE SELECT"})
        self.assertEqual(problems([prepare, *BOTH]), [])

    def test_missing(self):
        self.expect("server spans are missing", BOTH[:1])
        self.expect("client spans are missing", BOTH[1:])

    def test_doubled(self):
        self.expect("doubled", [*BOTH, BOTH[0]])

    def test_wrong_outcome(self):
        self.expect("SQLSTATE is none, not 42703", BOTH, code="42703", rows=None)
        self.expect("rows are 1, not 2", BOTH, rows=2)
        self.expect("lasts longer", [span(otlp.CLIENT, end_ns=10**9), BOTH[1]])

    def test_wrong_parent(self):
        self.expect("another parent", [BOTH[0], span(otlp.SERVER, parent_id="c")])

    def test_wrong_shape(self):
        self.expect("a literal left", [span(otlp.CLIENT, attributes={"x": "a canary"}), BOTH[1]])
        self.expect("name is not the summary", [span(otlp.CLIENT, name="Q"), BOTH[1]])
        self.expect("disagree", [span(otlp.CLIENT, status=otlp.ERROR), BOTH[1]])


if __name__ == "__main__":
    unittest.main()
