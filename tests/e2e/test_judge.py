# SPDX-License-Identifier: Apache-2.0
"""Tests of the judge itself: it must refuse every kind of wrong answer, and only those."""

import dataclasses
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import judge  # noqa: E402
import ledger  # noqa: E402
import otlp  # noqa: E402

WALL = 1_700_000_000_000_000_000
HOP = judge.Hop("front", port=80, client_exe="client", server_exe="server", timed=True, sized=True)


def truth(number: int, **changes) -> judge.Truth:
    start = 1_000_000_000 + number * 10_000_000
    entry = judge.Truth(id=f"t-{number}", method="GET", path=f"/r/t-{number}", start_ns=start,
                        end_ns=start + 1_000_000, status=200, request_body=0, response_body=10,
                        local_port=4000, wall_minus_monotonic_ns=WALL)
    return dataclasses.replace(entry, **changes)


def client_span(of: judge.Truth) -> otlp.Span:
    return otlp.Span(
        trace_id=f"trace-{of.id}", span_id=f"client-{of.id}", parent_id="", name="GET",
        kind=otlp.CLIENT, start_ns=of.start_ns + WALL, end_ns=of.end_ns + WALL, status=0,
        attributes={"url.full": f"http://h{of.path}", "http.response.status_code": of.status,
                    "http.request.method": of.method, "network.peer.port": 80,
                    "network.local.port": 4000, "http.response.body.size": of.response_body},
        resource={"process.executable.name": "client"})


def server_span(of: judge.Truth) -> otlp.Span:
    return otlp.Span(
        trace_id=f"trace-{of.id}", span_id=f"server-{of.id}", parent_id=f"client-{of.id}",
        name="GET", kind=otlp.SERVER, start_ns=of.start_ns + WALL, end_ns=of.end_ns + WALL,
        status=0,
        attributes={"url.path": of.path, "http.response.status_code": of.status,
                    "http.request.method": of.method, "network.local.port": 80,
                    "network.peer.port": 4000, "http.response.body.size": of.response_body},
        resource={"process.executable.name": "server"})


class JudgeTest(unittest.TestCase):

    def setUp(self):
        self.truths = [truth(n) for n in range(10)]
        self.spans = [make(t) for t in self.truths for make in (client_span, server_span)]

    def problems(self, rules=None, hops=None) -> str:
        verdict = judge.Judge(self.truths, hops or [HOP], rules).judge(self.spans)
        return "\n".join(verdict.problems())

    def test_right_answer_passes(self):
        self.assertEqual(self.problems(), "")

    def test_missing_client_span(self):
        del self.spans[0]
        self.assertIn("1 of 10 client spans are missing", self.problems())

    def test_missing_server_span(self):
        del self.spans[1]
        self.assertIn("1 of 10 server spans are missing", self.problems())

    def test_missing_within_the_limit_passes(self):
        del self.spans[1]
        self.assertEqual(self.problems(judge.Rules(recall=0.9)), "")

    def test_doubled(self):
        self.spans.append(dataclasses.replace(self.spans[0], span_id="other"))
        self.assertIn("doubled span: 1", self.problems())

    def test_span_id_used_twice(self):
        self.spans[2].span_id = self.spans[0].span_id
        self.assertIn("span id used twice", self.problems())

    def test_spurious_id(self):
        self.spans[0].attributes["url.full"] = "http://h/r/t-99"
        self.assertIn("spurious span", self.problems())

    def test_spurious_without_id(self):
        self.spans[0].attributes["url.full"] = "http://h/other"
        self.assertIn("spurious span", self.problems())

    def test_spurious_port(self):
        self.spans[0].attributes["network.peer.port"] = 81
        self.assertIn("spurious span", self.problems())

    def test_wrong_status(self):
        self.spans[1].attributes["http.response.status_code"] = 404
        self.assertIn("wrong status: 1", self.problems())

    def test_wrong_outcome(self):
        self.spans[0].status = otlp.ERROR
        self.assertIn("wrong outcome", self.problems())

    def test_error_type_without_error(self):
        self.spans[0].attributes["error.type"] = "500"
        self.assertIn("wrong error.type: 1", self.problems())

    def test_client_error_is_no_server_error(self):
        self.truths[0].status = 404
        for span in self.spans[:2]:
            span.attributes["http.response.status_code"] = 404
        self.assertIn("wrong outcome: 1", self.problems())
        self.spans[0].status = otlp.ERROR
        self.spans[0].attributes["error.type"] = "404"
        self.assertEqual(self.problems(), "")

    def fail_first(self, error_type: str) -> str:
        """The first request ends with a reset; both spans say `error_type`."""
        self.truths[0] = truth(0, ended="reset", status=0)
        for span in self.spans[:2]:
            span.status = otlp.ERROR
            span.attributes["error.type"] = error_type
            span.attributes.pop("http.response.status_code", None)
        return self.problems(judge.Rules(required=lambda t: True))

    def test_failed_request_passes_as_error(self):
        self.assertEqual(self.fail_first("connection_reset"), "")

    def test_failed_request_with_wrong_reason(self):
        self.assertIn("wrong error.type: 2", self.fail_first("eof_before_response"))

    def test_failed_request_shown_as_success(self):
        self.truths[0] = truth(0, ended="closed", status=0)
        problems = self.problems(judge.Rules(required=lambda t: True))
        self.assertIn("wrong outcome: 2", problems)
        self.assertIn("wrong status: 2", problems)

    def test_wrong_method(self):
        self.spans[0].attributes["http.request.method"] = "PUT"
        self.assertIn("wrong method", self.problems())

    def test_wrong_size(self):
        self.spans[0].attributes["http.response.body.size"] = 11
        self.assertIn("wrong response body size", self.problems())

    def test_size_absent(self):
        del self.spans[0].attributes["http.response.body.size"]
        self.assertIn("no response body size", self.problems())

    def test_chunked_size_may_be_absent_sometimes(self):
        for chunked in self.truths:
            chunked.response_chunked = True
        del self.spans[0].attributes["http.response.body.size"]
        self.assertEqual(self.problems(), "")
        for span in self.spans[1:5]:
            del span.attributes["http.response.body.size"]
        self.assertIn("5 of 20 chunked contents have no size", self.problems())

    def test_chunked_size_must_be_right(self):
        self.truths[0].response_chunked = True
        self.spans[0].attributes["http.response.body.size"] = 15
        self.assertIn("wrong response body size", self.problems())

    def test_wrong_parent(self):
        self.spans[1].parent_id = self.spans[2].span_id
        self.assertIn("wrong parent: 1", self.problems())

    def test_absent_parent(self):
        self.spans[1].parent_id = ""
        self.assertIn("wrong parent: 1", self.problems())

    def test_other_trace(self):
        self.spans[1].trace_id = "another"
        self.assertIn("wrong parent: 1", self.problems())

    def test_client_span_with_made_up_parent(self):
        self.spans[0].parent_id = "made-up"
        self.assertIn("client span has a wrong parent", self.problems())

    def test_client_span_whose_parent_is_its_own_server(self):
        self.spans[0].parent_id = self.spans[1].span_id
        self.spans[0].resource["process.pid"] = 1
        self.spans[1].resource["process.pid"] = 2
        self.assertIn("client span has a wrong parent", self.problems())

    def test_client_span_under_the_server_span_of_its_process_passes(self):
        hops = [HOP, judge.Hop("upstream", port=81)]
        for of in self.truths:
            call = client_span(of)
            call.attributes["network.peer.port"] = 81
            call.span_id, call.parent_id = f"call-{of.id}", f"server-{of.id}"
            reply = server_span(of)
            reply.attributes["network.local.port"] = 81
            reply.span_id, reply.parent_id = f"reply-{of.id}", call.span_id
            self.spans += [call, reply]
        for span in self.spans:
            span.resource["process.pid"] = {"client": 1, "server": 2, "call": 2, "reply": 3}[
                span.span_id.split("-")[0]]
        self.assertEqual(self.problems(hops=hops), "")

    def test_wrong_process(self):
        self.spans[1].resource["process.executable.name"] = "bash"
        self.assertIn("wrong process", self.problems())

    def test_duration_off(self):
        self.spans[0].end_ns += 310_000
        self.assertIn("durations are off", self.problems())

    def test_duration_within_tolerance(self):
        self.spans[0].end_ns += 290_000
        self.assertEqual(self.problems(), "")

    def test_duration_tolerance_grows_with_duration(self):
        self.truths[0].end_ns += 100_000_000
        self.spans[0].end_ns += 101_900_000
        self.assertEqual(self.problems(), "")
        self.spans[0].end_ns += 1_000_000
        self.assertIn("durations are off", self.problems())

    def test_server_span_sticks_out(self):
        self.spans[1].start_ns -= 1_100_000
        self.assertIn("stick out", self.problems())
        self.spans[1].start_ns += 200_000
        self.assertEqual(self.problems(), "")

    def test_tolerated_values(self):
        self.spans[0].attributes["http.response.status_code"] = 404
        rules = judge.Rules(tolerates=lambda span: span.kind == otlp.CLIENT)
        self.assertEqual(self.problems(rules), "")
        self.assertIn("wrong status", self.problems())

    def test_wall_clock_off(self):
        self.spans[0].start_ns -= 60_000_000
        self.spans[0].end_ns -= 60_000_000
        self.assertIn("wrong start", self.problems())

    def test_ends_before_it_starts(self):
        self.spans[1].end_ns = self.spans[1].start_ns - 1
        self.assertIn("ends before it starts", self.problems())

    def test_wrong_local_port(self):
        self.spans[0].attributes["network.local.port"] = 4001
        self.assertIn("wrong local port", self.problems())

    def test_not_required_may_be_absent_but_not_doubled(self):
        rules = judge.Rules(required=lambda t: t.id != "t-0")
        del self.spans[:2]
        self.assertEqual(self.problems(rules), "")
        self.spans += [client_span(self.truths[0]), client_span(self.truths[0])]
        self.assertIn("doubled", self.problems(rules))

    def test_nothing_required_is_a_failure(self):
        self.assertIn("shows nothing", self.problems(judge.Rules(required=lambda t: False)))

    def test_ids_must_be_unique(self):
        with self.assertRaises(ValueError):
            judge.Judge([self.truths[0], self.truths[0]], [HOP])


def stage(name: str, unit: str, numbers: tuple, dropped=None) -> dict:
    given, out, held = numbers
    return {"name": name, "unit": unit, "in": given, "out": out, "held": held,
            "dropped": dropped or {}}


class LedgerTest(unittest.TestCase):

    def setUp(self):
        self.stages = [stage("ring", "events", (10, 9, 0), {"ring_full": 1}),
                       stage("decode", "events", (9, 9, 0)),
                       stage("span", "spans", (4, 4, 0)),
                       stage("exporter/file", "spans", (4, 4, 0)),
                       stage("exporter/otlp", "spans", (4, 1, 0), {"queue_full": 3})]

    def problems(self, finished=True) -> str:
        return "\n".join(ledger.ledger_problems(self.stages, finished))

    def test_right_ledger_passes(self):
        self.assertEqual(self.problems(), "")
        self.assertEqual(ledger.dropped(self.stages), 4)
        self.assertEqual(ledger.dropped(self.stages, "queue_full"), 3)
        self.assertEqual(ledger.reasons(self.stages),
                         {"ring.ring_full": 1, "exporter/otlp.queue_full": 3})

    def test_unbalanced_stage(self):
        self.stages[0]["dropped"]["ring_full"] = 2
        self.assertIn("ring: in 10 != 11", self.problems())

    def test_neighbours_do_not_connect(self):
        self.stages[1]["in"] = self.stages[1]["out"] = 8
        self.assertIn("ring out 9 != decode in 8", self.problems())

    def test_second_exporter_does_not_connect(self):
        self.stages[4]["in"], self.stages[4]["out"] = 3, 0
        self.assertIn("span out 4 != exporter/otlp in 3", self.problems())

    def test_held_at_the_end(self):
        self.stages[1] = stage("decode", "events", (9, 8, 1))
        self.assertIn("still holds 1", self.problems())
        self.assertEqual(self.problems(finished=False), "")

    def test_no_exporter(self):
        self.stages = self.stages[:3]
        self.assertIn("no exporter", self.problems())

    def test_negative_number(self):
        self.stages[1] = stage("decode", "events", (9, 10, -1))
        self.assertIn("a number that is none", self.problems())

    def test_unknown_unit(self):
        self.stages[2]["unit"] = "apples"
        self.assertIn("unknown unit", self.problems())


class OtlpTest(unittest.TestCase):

    def read(self, text: str) -> list:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(text)
            file.flush()
            return otlp.read_spans(pathlib.Path(file.name))

    def test_reads_span_with_resource(self):
        spans = self.read(
            '{"resourceSpans":[{"resource":{"attributes":[{"key":"process.pid","value":'
            '{"intValue":"7"}}]},"scopeSpans":[{"spans":[{"traceId":"aa","spanId":"bb",'
            '"name":"GET","kind":3,"startTimeUnixNano":"5","endTimeUnixNano":"9","attributes":'
            '[{"key":"url.full","value":{"stringValue":"http://h/r/x-1?a=b"}}],'
            '"status":{"code":2}}]}]}]}\n')
        self.assertEqual(len(spans), 1)
        self.assertEqual(spans[0].resource, {"process.pid": 7})
        self.assertEqual((spans[0].request_id, spans[0].duration_ns, spans[0].status),
                         ("x-1", 4, 2))

    def test_torn_line_is_an_error(self):
        with self.assertRaises(ValueError):
            self.read('{"resourceSpans":[{"res')

    def test_key_that_stands_twice_is_an_error(self):
        field = {"key": "a", "value": {"intValue": "1"}}
        with self.assertRaises(ValueError):
            otlp.attributes_of([field, field])


if __name__ == "__main__":
    unittest.main()
