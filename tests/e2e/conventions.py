# SPDX-License-Identifier: Apache-2.0
"""Checks spans against OpenTelemetry's semantic conventions 1.44 for HTTP, and their shape."""

import re

import otlp

TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
SPAN_ID = re.compile(r"(?!0{16})[0-9a-f]{16}")
METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY",
           "_OTHER"}
COMMON = ("http.request.method", "network.transport", "network.protocol.version")
CLIENT_ONLY = ("url.full", "server.address")
SERVER_ONLY = ("url.path", "url.scheme")
TCP_ONLY = ("network.local.port", "network.peer.port", "network.local.address",
            "network.peer.address", "network.type")
RESOURCE = ("service.name", "process.pid", "process.executable.name", "telemetry.sdk.name")
NUMBERS = ("http.response.status_code", "http.request.body.size", "http.response.body.size",
           "network.local.port", "network.peer.port", "server.port", "client.port")


def required(span: otlp.Span) -> list:
    """The attributes that this span must have."""
    keys = list(COMMON) + list(CLIENT_ONLY if span.kind == otlp.CLIENT else SERVER_ONLY)
    if not span.is_unix:
        keys += TCP_ONLY
        keys += ["server.port"] if span.kind == otlp.CLIENT else []
    return keys


def span_problems(span: otlp.Span) -> list:
    """What is wrong with one span, as short texts that can be counted."""
    attributes = span.attributes
    problems = [f"no {key}" for key in required(span) if attributes.get(key) in (None, "")]
    problems += [f"no resource {key}" for key in RESOURCE if not span.resource.get(key)]
    problems += [f"{key} is no integer" for key in NUMBERS
                 if key in attributes and not isinstance(attributes[key], int)]
    if not TRACE_ID.fullmatch(span.trace_id) or not SPAN_ID.fullmatch(span.span_id):
        problems.append("bad id")
    if span.parent_id and not SPAN_ID.fullmatch(span.parent_id):
        problems.append("bad parent id")
    method = attributes.get("http.request.method")
    if method not in METHODS:
        problems.append(f"unknown method {method}")
    if span.name != ("HTTP" if method == "_OTHER" else method):
        problems.append(f"the name {span.name} is not the method")
    if method == "_OTHER" and not attributes.get("http.request.method_original"):
        problems.append("no http.request.method_original")
    if span.status == 1:
        problems.append("status OK is for applications only")
    problems += [f"internal fact {key}" for key in attributes if key.startswith("~")]
    return problems


def convention_problems(spans: list) -> list:
    """The problems of all spans, each once, with its count and an example."""
    found = {}
    for span in spans:
        for problem in span_problems(span):
            found.setdefault(problem, []).append(span)
    return [f"convention: {problem}: {len(several)} spans, e.g. {several[0].attributes}"
            for problem, several in sorted(found.items())]
