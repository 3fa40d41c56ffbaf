# SPDX-License-Identifier: Apache-2.0
"""Compares spans with what the client itself saw: nothing missing, made up or wrong."""

import collections
import dataclasses
import json
import pathlib
from typing import Callable

import otlp

UNKNOWN_SIZES = 0.1  # share of chunked contents whose size may be unknown
MIN_TOLERANCE_NS = 300_000
TOLERANCE = 0.02
NESTING_NS = 1_000_000  # a server may be put aside within the call that moved the last byte
EXAMPLES = 3
# How the client saw it end -> what `error.type` may say.
FAILURES = {
    "reset": {"connection_reset"},
    "closed": {"eof_before_response", "eof_in_response"},
    "timeout": {"timed_out", "eof_before_response"},
}


@dataclasses.dataclass
class Truth:
    """One request as its client saw it. Times are CLOCK_MONOTONIC."""
    id: str
    method: str
    path: str
    start_ns: int
    end_ns: int
    status: int
    request_body: int
    response_body: int
    ended: str = "answered"
    local_port: int = 0
    wall_minus_monotonic_ns: int = 0
    request_chunked: bool = False  # no Content-Length says the size: it may be unknown
    response_chunked: bool = False

    @property
    def duration_ns(self) -> int:
        return self.end_ns - self.start_ns

    @property
    def answered(self) -> bool:
        return self.ended == "answered"


@dataclasses.dataclass
class Hop:
    """One connection that each request passes: who speaks, and which of the ends are traced."""
    name: str
    port: int = 0  # 0: a UNIX socket
    client: bool = True
    server: bool = True
    client_exe: str = ""
    server_exe: str = ""
    timed: bool = False  # the truth's clock is this hop's client
    sized: bool = False  # bodies have the truth's size
    has_parent: bool = False  # the request carries a traceparent, which is the client span's parent

    def owns(self, span: otlp.Span) -> bool:
        return span.is_unix if self.port == 0 else span.server_port == self.port


@dataclasses.dataclass
class Rules:
    """How strict the judge is."""
    recall: float = 0.999
    late_share: float = 0.01  # of durations beyond the tolerance: p99 must be inside
    # Spans whose values are not judged, because what they should say was lost and they say so.
    tolerates: Callable = lambda span: False
    required: Callable = lambda truth: truth.answered
    # Statuses and sizes of requests that are not required (cut by the agent's start or stop) are
    # not looked at; that no span of them is doubled is.


class Verdict:
    """What is wrong, grouped by kind, and the figures."""

    def __init__(self):
        self.found = collections.defaultdict(list)
        self.figures = {}
        self.failures = []
        self.chunked = self.unknown = 0  # contents without Content-Length; those without a size

    def note(self, kind: str, what: str):
        self.found[kind].append(what)

    def fail(self, text: str):
        self.failures.append(text)

    def problems(self) -> list:
        texts = [f"{kind}: {len(cases)}, e.g. {'; '.join(cases[:EXAMPLES])}"
                 for kind, cases in sorted(self.found.items())]
        return self.failures + texts


def read_truth(path: pathlib.Path) -> list:
    """The log of the load client: a line with the clocks' offset, then a line a request."""
    offset, truths = 0, []
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        if "wall_minus_monotonic_ns" in entry:
            offset = entry["wall_minus_monotonic_ns"]
        else:
            truths.append(Truth(wall_minus_monotonic_ns=offset, **entry))
    return truths


def describe(span: otlp.Span) -> str:
    side = "CLIENT" if span.kind == otlp.CLIENT else "SERVER"
    status = span.attributes.get("http.response.status_code", span.attributes.get("error.type"))
    return f"{side} {span.name} {span.url} {status}"


def sort_spans(spans: list, truths: dict, hops: list, verdict: Verdict) -> dict:
    """(hop name, kind, request id) -> spans. What fits no request or no hop is spurious."""
    sorted_spans = collections.defaultdict(list)
    for span in spans:
        hop = next((h for h in hops if h.owns(span)), None)
        if hop is None or span.request_id not in truths or span.kind not in (otlp.CLIENT,
                                                                              otlp.SERVER):
            verdict.note("spurious span", describe(span))
        else:
            sorted_spans[hop.name, span.kind, span.request_id].append(span)
    return sorted_spans


def check_size(span: otlp.Span, which: str, truth: Truth, verdict: Verdict):
    """A size that is there must be right; one that a Content-Length tells must be there."""
    size = span.attributes.get(f"http.{which}.body.size")
    expected = getattr(truth, f"{which}_body")
    if size is not None and size != expected:
        verdict.note(f"wrong {which} body size", f"{size} for {expected}: {describe(span)}")
    if getattr(truth, f"{which}_chunked"):
        verdict.chunked += 1
        verdict.unknown += size is None
    elif size is None and expected > 0:
        verdict.note(f"no {which} body size", describe(span))


def check_outcome(span: otlp.Span, truth: Truth, verdict: Verdict):
    """An answered request is judged by its status; one without a whole answer is an error that says
    why. The head of a cut answer may or may not have come."""
    status = span.attributes.get("http.response.status_code")
    error_type = span.attributes.get("error.type", "")
    if status != truth.status and (truth.answered or status is not None):
        verdict.note("wrong status", f"{status} for {truth.status}: {describe(span)}")
    bad = not truth.answered or truth.status >= (400 if span.kind == otlp.CLIENT else 500)
    if (span.status == otlp.ERROR) != bad:
        verdict.note("wrong outcome", f"{span.status}: {describe(span)}")
    if bool(error_type) != bad:
        verdict.note("wrong error.type", f"'{error_type}': {describe(span)}")
    if truth.answered:
        return
    if error_type not in FAILURES.get(truth.ended, {error_type}):
        verdict.note("wrong error.type", f"'{error_type}' for {truth.ended}: {describe(span)}")


def check_values(span: otlp.Span, truth: Truth, hop: Hop, verdict: Verdict):
    check_outcome(span, truth, verdict)
    if span.attributes.get("http.request.method") != truth.method:
        verdict.note("wrong method", f"for {truth.method}: {describe(span)}")
    if span.end_ns < span.start_ns:
        verdict.note("ends before it starts", describe(span))
    if hop.sized and truth.answered:
        check_size(span, "request", truth, verdict)
        check_size(span, "response", truth, verdict)
    expected_exe = hop.client_exe if span.kind == otlp.CLIENT else hop.server_exe
    exe = span.resource.get("process.executable.name")
    if expected_exe and exe != expected_exe:
        verdict.note("wrong process", f"{exe} for {expected_exe}: {describe(span)}")


def caused(server: otlp.Span, client: otlp.Span) -> bool:
    """The client span says that it was sent on behalf of the server span, in one process."""
    return ((client.parent_id, client.trace_id) == (server.span_id, server.trace_id) and
            client.resource.get("process.pid") == server.resource.get("process.pid"))


def check_cause(client: otlp.Span, causes: list, verdict: Verdict):
    """The parent of a client span is the same request, as its process received it."""
    if client.parent_id and not any(caused(server, client) for server in causes):
        verdict.note("client span has a wrong parent", describe(client))


def check_parents(client: otlp.Span, server: otlp.Span, verdict: Verdict):
    if not client or not server:
        return
    if (server.parent_id, server.trace_id) != (client.span_id, client.trace_id):
        verdict.note("wrong parent", f"{server.trace_id}/{server.parent_id or '-'} for "
                                     f"{client.trace_id}/{client.span_id}: {describe(server)}")


def sticks_out(client: otlp.Span, server: otlp.Span) -> bool:
    """One host, one clock: the server cannot read before or write after its client does."""
    return bool(client and server) and (server.start_ns < client.start_ns - NESTING_NS or
                                        server.end_ns > client.end_ns + NESTING_NS)


def check_time(span: otlp.Span, truth: Truth, errors: list, verdict: Verdict):
    off = abs(span.duration_ns - truth.duration_ns)
    errors.append((off, max(MIN_TOLERANCE_NS, TOLERANCE * truth.duration_ns)))
    wall = truth.start_ns + truth.wall_minus_monotonic_ns
    if abs(span.start_ns - wall) > 50_000_000:
        verdict.note("wrong start", f"{(span.start_ns - wall) / 1e6:.1f} ms: {describe(span)}")
    port = span.attributes.get("network.local.port")
    if truth.local_port and port != truth.local_port:
        verdict.note("wrong local port", f"{port} for {truth.local_port}: {describe(span)}")


class Judge:
    """Judges the spans of one run against the truths of one run."""

    def __init__(self, truths: list, hops: list, rules: Rules = None):
        self.truths = {t.id: t for t in truths}
        self.hops = hops
        self.rules = rules or Rules()
        self.verdict = Verdict()
        if len(self.truths) != len(truths):
            raise ValueError("the ids are not unique")

    def judge(self, spans: list) -> Verdict:
        found = sort_spans(spans, self.truths, self.hops, self.verdict)
        for (hop, kind, request_id), several in found.items():
            if len(several) > 1:
                self.verdict.note("doubled span",
                                  f"{len(several)} at {hop}: {describe(several[0])}")
        ids = collections.Counter(s.span_id for s in spans)
        for span_id, count in ids.items():
            if count > 1:
                self.verdict.note("span id used twice", span_id)
        required = [t for t in self.truths.values() if self.rules.required(t)]
        if not required:
            self.verdict.fail("no request is required: the test shows nothing")
        for hop in self.hops:
            self.judge_hop(hop, required, found)
        if self.verdict.unknown > UNKNOWN_SIZES * self.verdict.chunked:
            self.verdict.fail(f"{self.verdict.unknown} of {self.verdict.chunked} chunked contents "
                              "have no size")
        return self.verdict

    def judge_hop(self, hop: Hop, required: list, found: dict):
        missing, errors, outside = collections.Counter(), [], 0
        for truth in required:
            ends = {}
            for kind, traced in ((otlp.CLIENT, hop.client), (otlp.SERVER, hop.server)):
                several = found.get((hop.name, kind, truth.id), [])
                ends[kind] = several[0] if several else None
                if traced and not several:
                    missing[kind] += 1
                    if missing[kind] <= EXAMPLES:
                        self.verdict.figures.setdefault("missing", []).append(
                            f"{hop.name}/{kind}/{truth.id}")
                if several and not self.rules.tolerates(several[0]):
                    check_values(several[0], truth, hop, self.verdict)
            told = not any(span and self.rules.tolerates(span) for span in ends.values())
            if truth.answered and told:
                outside += sticks_out(ends[otlp.CLIENT], ends[otlp.SERVER])
            if ends[otlp.CLIENT] and not hop.has_parent:
                check_cause(ends[otlp.CLIENT], self.received(truth, found), self.verdict)
            check_parents(ends[otlp.CLIENT], ends[otlp.SERVER], self.verdict)
            if hop.timed and ends[otlp.CLIENT]:
                check_time(ends[otlp.CLIENT], truth, errors, self.verdict)
        self.judge_recall(hop, len(required), missing)
        if hop.timed:
            self.judge_times(hop, errors)
        if outside > self.rules.late_share * len(required):
            self.verdict.fail(f"{hop.name}: {outside} of {len(required)} server spans stick out of "
                              f"their client spans by more than {NESTING_NS / 1e6} ms")

    def received(self, truth: Truth, found: dict) -> list:
        """The server spans of a request, of all hops."""
        keys = ((hop.name, otlp.SERVER, truth.id) for hop in self.hops)
        return [span for key in keys for span in found.get(key, [])]

    def judge_recall(self, hop: Hop, count: int, missing: dict):
        for kind, side, traced in ((otlp.CLIENT, "client", hop.client),
                                   (otlp.SERVER, "server", hop.server)):
            if not traced or not count:
                continue
            recall = 1 - missing[kind] / count
            self.verdict.figures[f"{hop.name} {side} recall"] = round(recall, 5)
            if recall < self.rules.recall:
                self.verdict.fail(
                    f"{hop.name}: {missing[kind]} of {count} {side} spans are missing")

    def judge_times(self, hop: Hop, errors: list):
        if not errors:
            return
        late = sum(off > tolerance for off, tolerance in errors)
        offs = sorted(off for off, _ in errors)
        p99 = offs[min(len(offs) - 1, int(len(offs) * 0.99))]
        self.verdict.figures[f"{hop.name} duration off p99 us"] = round(p99 / 1000, 1)
        if late > self.rules.late_share * len(errors):
            self.verdict.fail(f"{hop.name}: {late} of {len(errors)} client durations are off by "
                              f"more than max(0.3 ms, 2 %); p99 is off by {p99 / 1e6:.3f} ms")
