# SPDX-License-Identifier: Apache-2.0
"""Tests of the judge of the kernel matrix: it must notice what is missing, doubled or wrong."""

import json
import pathlib
import sys
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "vm"))
import judge  # noqa: E402  pylint: disable=wrong-import-position
import machine  # noqa: E402  pylint: disable=wrong-import-position

RUN = "root-1"


def span(kind: int, path: str, status: int) -> dict:
    client = kind == judge.otlp.CLIENT
    url = {"key": "url.full", "value": {"stringValue": "http://127.0.0.1:8080" + path}}
    if not client:
        url = {"key": "url.path", "value": {"stringValue": path}}
    code = {"key": "http.response.status_code", "value": {"intValue": str(status)}}
    result = {"name": "GET", "kind": kind, "traceId": path, "spanId": f"{path}-{kind}",
              "startTimeUnixNano": "1", "endTimeUnixNano": "2", "attributes": [url, code]}
    if not client:
        result["parentSpanId"] = f"{path}-{judge.otlp.CLIENT}"
    return result


def perfect() -> list:
    kinds = {"CLIENT": judge.otlp.CLIENT, "SERVER": judge.otlp.SERVER}
    return [span(kinds[kind], path, status) for (kind, path), status in judge.expected(RUN).items()]


def verdict(spans: list, exit_status: str = "0", dropped: int = 0, ready: str = "tier 1") -> list:
    line = {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
    stages = [{"name": "exporter/file", "unit": "spans", "in": 9, "out": 9, "held": 0,
               "dropped": {"queue": dropped}}]
    files = {"exit": exit_status, "stderr": f"spanwire: ready, {ready}\n",
             "spans.jsonl": json.dumps(line) + "\n", "stats.json": json.dumps({"stages": stages})}
    outcome = machine.Outcome(True, "", [], {f"{RUN}/{name}": text.encode()
                                             for name, text in files.items()})
    return judge.judge_http(outcome, {"RUNS": "root:1"})


class HttpJudge(unittest.TestCase):
    def test_perfect_run_passes(self):
        self.assertEqual(verdict(perfect()), [])

    def test_missing_span_fails(self):
        self.assertIn("missing", verdict(perfect()[1:])[0])

    def test_doubled_span_fails(self):
        spans = perfect()
        self.assertIn("2 times", verdict([*spans, spans[-1]])[0])

    def test_spurious_span_fails(self):
        self.assertIn("spurious", verdict([*perfect(), span(judge.otlp.CLIENT, "/x", 200)])[0])

    def test_wrong_status_fails(self):
        spans = perfect()
        spans[0]["attributes"][1]["value"]["intValue"] = "500"
        self.assertIn("status 500", verdict(spans)[0])

    def test_wrong_parent_fails(self):
        spans = perfect()
        spans[-1]["parentSpanId"] = "other"
        self.assertIn("not the client span's child", verdict(spans)[0])

    def test_ledger_that_does_not_add_up_fails(self):
        self.assertIn("ledger", verdict(perfect(), dropped=1)[0])

    def test_other_tier_than_asked_for_fails(self):
        self.assertIn("asked for tier 1", verdict(perfect(), ready="tier 3")[0])

    def test_exit_status_counts(self):
        self.assertIn("exit status 1", verdict(perfect(), exit_status="1")[0])


class PreemptedJudge(unittest.TestCase):
    def verdict(self, lost: int = 0, status: int = 200) -> list:
        spans = [span(kind, f"/file/1-{task}", status)
                 for kind in judge.KINDS for task in range(1, judge.TASKS + 1)
                 for _ in range(judge.ASKED)]
        line = {"resourceSpans": [{"scopeSpans": [{"spans": spans[lost:]}]}]}
        stages = [{"name": "exporter/file", "unit": "spans", "in": 9, "out": 9, "held": 0,
                   "dropped": {}}]
        files = {"exit": "0", "spans.jsonl": json.dumps(line), "stats.json":
                 json.dumps({"stages": stages})}
        outcome = machine.Outcome(True, "", [], {f"1/{name}": text.encode()
                                                 for name, text in files.items()})
        return judge.judge_preempted(outcome, {"TIERS_RUN": "1"})

    def test_all_requests_from_both_ends_pass(self):
        self.assertEqual(self.verdict(), [])

    def test_one_missing_span_fails(self):
        self.assertIn(f"{judge.ASKED - 1} times", self.verdict(lost=1)[0])

    def test_span_without_its_status_fails(self):
        self.assertIn("came", self.verdict(status=500)[0])


if __name__ == "__main__":
    unittest.main()
