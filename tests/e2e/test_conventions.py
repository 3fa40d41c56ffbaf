# SPDX-License-Identifier: Apache-2.0
"""Tests of the checks of semantic conventions: each wrong span must be refused."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import conventions  # noqa: E402
import otlp  # noqa: E402


def span(kind: int) -> otlp.Span:
    attributes = {
        "http.request.method": "GET", "network.transport": "tcp", "network.protocol.version": "1.1",
        "url.full": "http://h/", "server.address": "h", "server.port": 80, "url.path": "/",
        "url.scheme": "http", "network.local.port": 1, "network.peer.port": 2,
        "network.local.address": "127.0.0.1", "network.peer.address": "127.0.0.1",
        "network.type": "ipv4"}
    resource = {"service.name": "s", "process.pid": 1, "process.executable.name": "e",
                "telemetry.sdk.name": "spanwire"}
    return otlp.Span("a" * 32, "b" * 16, "", "GET", kind, 1, 2, 0, attributes, resource)


class ConventionsTest(unittest.TestCase):

    def setUp(self):
        self.spans = [span(otlp.CLIENT), span(otlp.SERVER)]

    def problems(self) -> str:
        return "\n".join(conventions.convention_problems(self.spans))

    def test_right_spans_pass(self):
        self.assertEqual(self.problems(), "")

    def test_each_required_attribute(self):
        for kind in (otlp.CLIENT, otlp.SERVER):
            for key in conventions.required(span(kind)):
                self.spans = [span(kind)]
                del self.spans[0].attributes[key]
                self.assertIn(f"no {key}", self.problems())

    def test_each_resource_attribute(self):
        for key in conventions.RESOURCE:
            self.spans = [span(otlp.SERVER)]
            del self.spans[0].resource[key]
            self.assertIn(f"no resource {key}", self.problems())

    def test_unix_socket_has_no_ports(self):
        for key in conventions.TCP_ONLY:
            del self.spans[1].attributes[key]
        self.assertIn("no network.local.port", self.problems())
        self.spans[1].attributes["network.transport"] = "unix"
        self.assertEqual(self.problems(), "")

    def test_ids(self):
        self.spans[0].trace_id = "0" * 32
        self.spans[1].span_id = "B" * 16
        self.assertIn("bad id: 2", self.problems())
        self.spans[1].parent_id = "b"
        self.assertIn("bad parent id", self.problems())

    def test_name_is_not_the_path(self):
        self.spans[0].name = "GET /"
        self.assertIn("is not the method", self.problems())

    def test_unknown_method(self):
        self.spans[0].attributes["http.request.method"] = self.spans[0].name = "BREW"
        self.assertIn("unknown method BREW", self.problems())

    def test_other_method_keeps_the_original(self):
        self.spans[0].attributes["http.request.method"] = "_OTHER"
        self.spans[0].name = "HTTP"
        self.assertIn("method_original", self.problems())

    def test_number_as_text(self):
        self.spans[0].attributes["server.port"] = "80"
        self.assertIn("server.port is no integer", self.problems())

    def test_status_ok(self):
        self.spans[0].status = 1
        self.assertIn("status OK", self.problems())

    def test_internal_fact(self):
        self.spans[0].attributes["~host"] = "h"
        self.assertIn("internal fact ~host", self.problems())


if __name__ == "__main__":
    unittest.main()
