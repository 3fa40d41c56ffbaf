# SPDX-License-Identifier: Apache-2.0
"""Starts real trace back-ends (scripts/lib/backends.sh builds them) and reads the spans back."""

import calendar
import http.client
import json
import os
import pathlib
import re
import string
import subprocess
import time
import urllib.parse

import harness
import otlp
import programs

CONFIGURATIONS = harness.TOP / "tests/e2e/backends"
KINDS = {"Unspecified": 0, "Internal": 1, "Server": 2, "Client": 3, "Producer": 4, "Consumer": 5}
STATUSES = {"Unset": 0, "Ok": 1, "Error": 2}
ATTRIBUTE = re.compile(r"     -> ([^:]+): (Str|Int|Bool|Double)\((.*)\)$")
FIELD = re.compile(r"    ([A-Z][A-Za-z ]*?) *: ?(.*)$")


def backend_path(name: str) -> pathlib.Path:
    """The binary of `name`, as scripts/lib/backends.sh says."""
    script = f'source "{harness.TOP}/scripts/lib/backends.sh" && backend_path {name}'
    path = pathlib.Path(subprocess.run(["bash", "-c", script], check=True, capture_output=True,
                                       text=True).stdout.strip())
    if not path.exists():
        raise AssertionError(f"{path} is missing: run scripts/lib/backends.sh")
    return path


class Backend:
    """A back-end that takes OTLP on ports of its own, which the agent does not look at."""

    def __init__(self, scene, name: str, **values):
        self.scene, self.name = scene, name
        self.grpc_port, self.http_port = programs.free_port(), programs.free_port()
        text = (CONFIGURATIONS / f"{name}.yaml").read_text()
        self.configuration = scene.write(f"{name}{scene.number()}.yaml", string.Template(
            text).substitute(GRPC_PORT=self.grpc_port, HTTP_PORT=self.http_port, **values))
        self.program = None

    def start(self):
        self.program = self.scene.start(
            self.name, [backend_path(self.name), "--config", self.configuration],
            env={"OTEL_SDK_DISABLED": "true"})
        self.program.wait_port(self.grpc_port)
        self.program.wait_port(self.http_port)
        return self

    def endpoint(self, protocol: str, scheme: str = "http") -> str:
        port = self.grpc_port if protocol == "grpc" else self.http_port
        return f"{scheme}://127.0.0.1:{port}"


# --- the Collector --------------------------------------------------------------------------------

def parse_time(text: str) -> int:
    """'2026-11-21 04:13:43.5520311 +0000 UTC' in nanoseconds."""
    date, clock = text.split(" ")[:2]
    seconds, _, fraction = clock.partition(".")
    parsed = time.strptime(f"{date} {seconds}", "%Y-%m-%d %H:%M:%S")
    return calendar.timegm(parsed) * 10**9 + int(fraction.ljust(9, "0"))


def parse_value(kind: str, text: str):
    if kind == "Str":
        return text
    return {"Int": int, "Double": float, "Bool": lambda t: t == "true"}[kind](text)


class DebugOutput:
    """Reads what the Collector's debug exporter prints with `verbosity: detailed`."""

    def __init__(self, text: str):
        self.spans, self.resource, self.attributes, self.fields = [], {}, None, None
        for line in text.splitlines():
            self.read(line)
        self.end_span()

    def read(self, line: str):
        if "ResourceSpans #" in line:
            self.end_span()
            self.resource = self.attributes = {}
        elif line.startswith("Span #"):
            self.end_span()
            self.fields, self.attributes = {}, {}
        elif match := ATTRIBUTE.match(line):
            self.attributes[match[1]] = parse_value(match[2], match[3])
        elif self.fields is not None and (match := FIELD.match(line)):
            self.fields.setdefault(match[1], match[2])

    def end_span(self):
        fields, self.fields = self.fields, None
        if fields is None:
            return
        self.spans.append(otlp.Span(
            trace_id=fields["Trace ID"], span_id=fields["ID"], parent_id=fields["Parent ID"],
            name=fields["Name"], kind=KINDS[fields["Kind"]],
            start_ns=parse_time(fields["Start time"]), end_ns=parse_time(fields["End time"]),
            status=STATUSES[fields["Status code"]], attributes=self.attributes,
            resource=self.resource, trace_state=fields.get("TraceState", "")))


class Collector(Backend):
    """The OpenTelemetry Collector, whose debug exporter prints what it got."""

    def __init__(self, scene, tls: str = ""):
        super().__init__(scene, "otelcol", TLS=tls)
        self.ended_output = ""

    def spans(self) -> list:
        """All since the first start."""
        return DebugOutput(self.ended_output + self.program.output()
                           + self.program.errors()).spans

    def kill(self):
        """The power fails."""
        self.program.end()
        self.ended_output += self.program.output() + self.program.errors()


# --- Jaeger ---------------------------------------------------------------------------------------

class Jaeger(Backend):
    """Jaeger v2, asked through its read APIs."""

    def __init__(self, scene):
        self.query_port = programs.free_port()
        super().__init__(scene, "jaeger", QUERY_PORT=self.query_port,
                         QUERY_GRPC_PORT=programs.free_port(), HEALTH_PORT=programs.free_port())

    def start(self):
        super().start().program.wait_port(self.query_port)
        return self

    def get(self, path: str, **query) -> dict:
        connection = http.client.HTTPConnection("127.0.0.1", self.query_port, timeout=20)
        try:
            connection.request("GET", path + "?" + urllib.parse.urlencode(query))
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise AssertionError(f"Jaeger says {answer.status} to {path}: {body[:300]}")
        return json.loads(body)

    def services(self) -> set:
        return set(self.get("/api/services")["data"])

    def trace(self, trace_id: str) -> list:
        """The spans of one trace through the v3 API, which speaks OTLP."""
        return list(otlp.parse_line(json.dumps(self.get(f"/api/v3/traces/{trace_id}")["result"])))

    def listed(self, service: str) -> dict:
        """span id -> (span, its service) of all traces of `service`, as the web page gets them."""
        spans = {}
        for trace in self.get("/api/traces", service=service, limit=100000)["data"]:
            for span in trace["spans"]:
                name = trace["processes"][span["processID"]]["serviceName"]
                spans[span["spanID"]] = (span, name)
        return spans


# --- comparing ------------------------------------------------------------------------------------

def differences(sent: list, received: list) -> list:
    """What a back-end has that differs from what the agent wrote to its file."""
    expected = {(s.trace_id, s.span_id): s for s in sent}
    actual = {(s.trace_id, s.span_id): s for s in received}
    problems = []
    if len(actual) != len(received):
        problems.append(f"{len(received) - len(actual)} spans arrived twice")
    if missing := expected.keys() - actual.keys():
        problems.append(f"{len(missing)} of {len(expected)} spans did not arrive")
    if extra := actual.keys() - expected.keys():
        problems.append(f"{len(extra)} spans arrived that were not sent")
    wrong = [key for key in expected.keys() & actual.keys() if expected[key] != actual[key]]
    if wrong:
        problems.append(f"{len(wrong)} spans differ, e.g. sent {expected[wrong[0]]}, "
                        f"arrived {actual[wrong[0]]}")
    return problems


class Environment:
    """Variables for the programs that are started inside."""

    def __init__(self, **variables):
        self.variables, self.before = variables, {}

    def __enter__(self):
        self.before = {name: os.environ.get(name) for name in self.variables}
        os.environ.update(self.variables)

    def __exit__(self, *error):
        for name, value in self.before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
