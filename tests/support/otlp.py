# SPDX-License-Identifier: Apache-2.0
"""Reads what spanwire writes: spans from OTLP JSON lines, and the loss ledger of --stats-file."""

import json
from typing import Iterator, NamedTuple

KINDS = {0: "UNSPECIFIED", 1: "INTERNAL", 2: "SERVER", 3: "CLIENT", 4: "PRODUCER", 5: "CONSUMER"}


class Span(NamedTuple):
    """One span with its attributes and its resource's as plain dictionaries."""
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    start_ns: int
    end_ns: int
    attributes: dict
    resource: dict
    status: int


def value_of(any_value: dict):
    """An OTLP AnyValue as a Python value; 64-bit integers travel as JSON strings."""
    (kind, value), = any_value.items()
    if kind == "intValue":
        return int(value)
    if kind == "arrayValue":
        return [value_of(item) for item in value.get("values", [])]
    if kind == "kvlistValue":
        return attributes_of(value.get("values", []))
    return value


def attributes_of(pairs: list) -> dict:
    """Key-value pairs as a dictionary. A key that comes twice is an error of the writer."""
    result = {}
    for pair in pairs:
        if pair["key"] in result:
            raise ValueError(f"attribute {pair['key']} comes twice")
        result[pair["key"]] = value_of(pair["value"])
    return result


def span_of(data: dict, resource: dict) -> Span:
    kind = data.get("kind", 0)
    return Span(data["name"], KINDS.get(kind, str(kind)), data["traceId"], data["spanId"],
                data.get("parentSpanId", ""), int(data["startTimeUnixNano"]),
                int(data["endTimeUnixNano"]), attributes_of(data.get("attributes", [])), resource,
                data.get("status", {}).get("code", 0))


def spans(lines: Iterator[str]) -> Iterator[Span]:
    """Every span of a file of OTLP JSON lines, each line one export request."""
    for line in lines:
        if not line.strip():
            continue
        for group in json.loads(line)["resourceSpans"]:
            resource = attributes_of(group.get("resource", {}).get("attributes", []))
            for scope in group.get("scopeSpans", []):
                for data in scope.get("spans", []):
                    yield span_of(data, resource)


def stage_errors(stage: dict) -> Iterator[str]:
    dropped = sum(stage["dropped"].values())
    if stage["in"] != stage["out"] + stage["held"] + dropped:
        yield (f"stage {stage['name']}: in {stage['in']} is not out {stage['out']} + held "
               f"{stage['held']} + dropped {dropped}")


def ledger_errors(stats: dict) -> list:
    """The equalities of the ledger that do not hold; an empty list when it is exact.

    Each stage accounts for what came in. Neighbours that count the same unit connect; exporters
    stand side by side, each fed by the last stage before them.
    """
    errors, feeder = [], None
    if not stats["stages"]:
        errors.append("the ledger has no stages")
    for stage in stats["stages"]:
        errors.extend(stage_errors(stage))
        connects = feeder is not None and feeder["unit"] == stage["unit"]
        if connects and feeder["out"] != stage["in"]:
            errors.append(f"{feeder['name']} gave {feeder['out']} {stage['unit']}, "
                          f"{stage['name']} took {stage['in']}")
        if not stage["name"].startswith("exporter/"):
            feeder = stage
    return errors


def dropped(stats: dict) -> dict:
    """Everything that was dropped, as {"stage/reason": count}, without the zeros."""
    return {f"{stage['name']}/{reason}": count for stage in stats["stages"]
            for reason, count in stage["dropped"].items() if count}
