# SPDX-License-Identifier: Apache-2.0
"""Reads OTLP JSON lines: one TracesData object a line, spans flattened with their resource."""

import dataclasses
import json
import pathlib
import re

SERVER, CLIENT = 2, 3
ERROR = 2
REQUEST_ID = re.compile(r"/r/([A-Za-z0-9_.-]+)")


@dataclasses.dataclass
class Span:
    """One span as it was exported. Times are Unix nanoseconds, ids hexadecimal."""
    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: int
    start_ns: int
    end_ns: int
    status: int
    attributes: dict
    resource: dict
    trace_state: str = ""

    @property
    def duration_ns(self) -> int:
        return self.end_ns - self.start_ns

    @property
    def url(self) -> str:
        return self.attributes.get("url.full") or self.attributes.get("url.path", "")

    @property
    def request_id(self) -> str:
        """The unique id that every request of these tests carries in its path, or ''."""
        match = REQUEST_ID.search(self.url)
        return match[1] if match else ""

    @property
    def server_port(self) -> int:
        """The port that was listened on, 0 for UNIX sockets."""
        side = "peer" if self.kind == CLIENT else "local"
        return self.attributes.get(f"network.{side}.port", 0)

    @property
    def is_unix(self) -> bool:
        return self.attributes.get("network.transport") == "unix"


def value_of(value: dict):
    """An AnyValue as a Python value; OTLP JSON writes 64-bit integers as strings."""
    if "intValue" in value:
        return int(value["intValue"])
    if "arrayValue" in value:
        return [value_of(v) for v in value["arrayValue"].get("values", [])]
    for key in ("stringValue", "boolValue", "doubleValue"):
        if key in value:
            return value[key]
    return None


def attributes_of(fields: list) -> dict:
    attributes = {}
    for field in fields:
        if field["key"] in attributes:
            raise ValueError(f"attribute {field['key']} stands twice")
        attributes[field["key"]] = value_of(field["value"])
    return attributes


def span_of(span: dict, resource: dict) -> Span:
    return Span(
        trace_id=span["traceId"], span_id=span["spanId"], parent_id=span.get("parentSpanId", ""),
        name=span["name"], kind=span["kind"], start_ns=int(span["startTimeUnixNano"]),
        end_ns=int(span["endTimeUnixNano"]), status=span.get("status", {}).get("code", 0),
        attributes=attributes_of(span.get("attributes", [])), resource=resource,
        trace_state=span.get("traceState", ""))


def parse_line(line: str):
    for group in json.loads(line).get("resourceSpans", []):
        resource = attributes_of(group.get("resource", {}).get("attributes", []))
        for scope in group.get("scopeSpans", []):
            for span in scope.get("spans", []):
                yield span_of(span, resource)


def read_spans(path: pathlib.Path) -> list:
    """Every span of the file. A torn or malformed line is an error: the file must be whole."""
    with open(path, encoding="utf-8") as file:
        return [span for line in file if line.strip() for span in parse_line(line)]
